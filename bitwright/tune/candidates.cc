#include "bitwright/tune/candidates.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "bitwright/base/parallel.h"
#include "bitwright/quant/fit_spec.h"
#include "bitwright/quant/spec_for.h"
#include "bitwright/quant/stored_bytes.h"

namespace bw {
namespace {

// Squared error over energy.
double RelativeError(std::span<const float> values, std::span<const float> rounded) {
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(rounded[i]) - values[i];
    error += difference * difference;
    energy += static_cast<double>(values[i]) * values[i];
  }
  return error / std::max(energy, 1e-30);
}

// Nothing when the spec does not fit the tensor.
Expected<std::optional<Candidate>> WeightCandidate(const Tensor& weight, const QuantTarget& target,
                                                   std::size_t index, const Format& format,
                                                   const TuneOptions& options) {
  const Expected<QuantSpec> spec = WeightSpec(format.name() + ":" + options.weight_scaling, target);
  if (!spec) return Context("--weight-scaling", spec.error());
  Candidate candidate{index, {*spec, options.scale_method, std::nullopt}, 0, 0, 0};
  const Expected<Grouping> grouping = MakeGrouping(spec->grain, weight.shape());
  if (!grouping) return std::optional<Candidate>();
  BW_ASSIGN(const ReadySpec ready,
            ReadySpecFor(weight.span<float>(), *grouping, *spec, options.scale_method));
  std::vector<float> rounded(weight.span<float>().begin(), weight.span<float>().end());
  BW_TRY(FakeQuantize(rounded, *grouping, ready.spec, ready.params));
  candidate.local_error = RelativeError(weight.span<float>(), rounded);
  candidate.bytes = StoredBytes(target, &*spec);
  return std::optional(candidate);
}

Expected<Candidate> ActivationCandidate(const ActivationStatistics& statistics,
                                        const QuantTarget& target, std::size_t index,
                                        const QuantSpec& spec, const TuneOptions& options) {
  Candidate candidate{index, {spec, options.activation_scale_method, std::nullopt}, 0, 0, 0};
  BW_ASSIGN(const QuantParams params, ActivationParams(target.name, candidate.plan, &statistics));
  candidate.plan.fixed =
      FixedScale{params.scales[0], params.zeros.empty() ? 0 : params.zeros[0], spec.ToString()};
  std::vector<float> rounded = statistics.sample;
  BW_ASSIGN(const Grouping grouping,
            MakeGrouping(spec.grain, {static_cast<std::int64_t>(rounded.size())}));
  BW_TRY(FakeQuantize(rounded, grouping, spec, params));
  candidate.local_error = RelativeError(statistics.sample, rounded);
  candidate.bytes = StoredBytes(target, &spec);
  return candidate;
}

// The forms of a format that suit the activation: unsigned without negative values, else as named,
// and asymmetric ints.
std::vector<QuantSpec> ActivationSpecs(const Format& format,
                                       const ActivationStatistics& statistics) {
  if (!format.info().is_signed && !statistics.non_negative()) return {};
  std::vector<QuantSpec> specs;
  for (const char* form : {"", ":asym"}) {
    if (Expected<QuantSpec> spec = ActivationSpec(format.name() + form, statistics))
      specs.push_back(*std::move(spec));
    if (statistics.non_negative()) break;
  }
  return specs;
}

// A format may be this much worse than a tensor's best, in squared error, where more tensors like
// it: fewer formats are fewer tables in the file and fewer decoders in hardware. 0.2 dB.
constexpr double kTolerance = 1.05;

using ByWidth = std::map<int, std::vector<const Candidate*>, std::greater<>>;

const Candidate& Best(const std::vector<const Candidate*>& candidates) {
  return **std::min_element(candidates.begin(), candidates.end(), [](const auto* a, const auto* b) {
    return a->local_error < b->local_error;
  });
}

bool NearlyBest(const Candidate& candidate, const Candidate& best) {
  return candidate.local_error <= best.local_error * kTolerance;
}

// For how many tensors each element format is nearly the best of its width.
std::map<std::string, int> CountLiked(const std::vector<ByWidth>& tensors) {
  std::map<std::string, int> liked;
  for (const ByWidth& tensor : tensors) {
    for (const auto& [unused, candidates] : tensor) {
      for (const Candidate* candidate : candidates) {
        if (NearlyBest(*candidate, Best(candidates))) ++liked[candidate->plan.spec.element.name()];
      }
    }
  }
  return liked;
}

// Of each tensor's candidates one of each width, widest first: of those nearly as good as its best,
// the one whose format most tensors like.
std::vector<Candidate> OneOfEachWidth(const std::vector<std::vector<Candidate>>& by_target) {
  std::vector<ByWidth> tensors(by_target.size());
  for (std::size_t t = 0; t < by_target.size(); ++t) {
    for (const Candidate& candidate : by_target[t])
      tensors[t][candidate.plan.spec.element.bits()].push_back(&candidate);
  }
  const std::map<std::string, int> liked = CountLiked(tensors);
  std::vector<Candidate> kept;
  for (const ByWidth& tensor : tensors) {
    for (const auto& [unused, candidates] : tensor) {
      const Candidate* chosen = &Best(candidates);
      const Candidate& best = *chosen;
      for (const Candidate* candidate : candidates) {
        const auto likes = [&](const Candidate* c) {
          return liked.at(c->plan.spec.element.name());
        };
        if (NearlyBest(*candidate, best) && likes(candidate) > likes(chosen)) chosen = candidate;
      }
      kept.push_back(*chosen);
    }
  }
  return kept;
}

Expected<std::vector<Candidate>> OfTarget(const Graph& graph, const QuantTarget& target,
                                          std::size_t index, const ActivationStatistics& statistics,
                                          const TuneOptions& options) {
  std::vector<Candidate> candidates;
  if (target.kind == TargetKind::kWeight) {
    for (const Format& format : options.weight_formats) {
      BW_ASSIGN(
          std::optional<Candidate> candidate,
          WeightCandidate(*graph.value(target.value).constant, target, index, format, options));
      if (candidate) candidates.push_back(*std::move(candidate));
    }
  } else {
    for (const Format& format : options.activation_formats) {
      for (const QuantSpec& spec : ActivationSpecs(format, statistics)) {
        BW_ASSIGN(Candidate candidate,
                  ActivationCandidate(statistics, target, index, spec, options));
        candidates.push_back(std::move(candidate));
      }
    }
  }
  return candidates;
}

}  // namespace

Expected<std::vector<std::vector<Candidate>>> EveryCandidate(
    const Graph& graph, const QuantTargets& targets,
    const std::vector<ActivationStatistics>& statistics, const TuneOptions& options,
    const Progress& progress) {
  std::vector<std::vector<Candidate>> by_target(targets.tensors.size());
  std::mutex mutex;
  Expected<void> outcome;
  std::size_t done = 0;
  ParallelFor(targets.tensors.size(), options.threads, [&](std::size_t t, int) {
    Expected<std::vector<Candidate>> candidates =
        OfTarget(graph, targets.tensors[t], t, statistics[t], options);
    const std::scoped_lock lock(mutex);
    if (candidates)
      by_target[t] = *std::move(candidates);
    else if (outcome)
      outcome = tl::unexpected(std::move(candidates).error());
    if (progress)
      progress("scale search", static_cast<double>(++done) / static_cast<double>(by_target.size()));
  });
  BW_TRY(outcome);
  return by_target;
}

Expected<std::vector<Candidate>> MakeCandidates(const Graph& graph, const QuantTargets& targets,
                                                const std::vector<ActivationStatistics>& statistics,
                                                const TuneOptions& options,
                                                const Progress& progress) {
  BW_ASSIGN(const std::vector<std::vector<Candidate>> by_target,
            EveryCandidate(graph, targets, statistics, options, progress));
  return OneOfEachWidth(by_target);
}

Expected<CandidateRounding> Realise(const Graph& graph, const QuantTarget& target,
                                    const TensorPlan& plan, const LayerInputs* inputs) {
  if (target.kind == TargetKind::kWeight) {
    BW_ASSIGN(QTensor codes, QuantizeWeight(*graph.value(target.value).constant, plan, inputs));
    Tensor weight = Dequantize(codes);
    return CandidateRounding{std::move(codes), std::move(weight), {plan.spec, {}}};
  }
  BW_ASSIGN(QuantParams params, ActivationParams(target.name, plan, nullptr));
  return CandidateRounding{{}, {}, {plan.spec, std::move(params)}};
}

}  // namespace bw
