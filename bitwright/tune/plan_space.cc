#include "bitwright/tune/plan_space.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "bitwright/base/memory.h"
#include "bitwright/base/parallel.h"
#include "bitwright/quant/apply.h"
#include "bitwright/runtime/work.h"
#include "bitwright/tune/facts.h"

namespace bw {
namespace {

// What one sweep may cost in multiply-accumulates; fixed, so that the same inputs give the same
// result on any machine.
constexpr double kSensitivityMacs = 6e11;
constexpr std::size_t kFewestSensitivitySamples = 16, kMostSensitivitySamples = 256;
// Cheap measurements run on a fifth of the search split, within these.
constexpr std::size_t kFewestCheapSamples = 64, kMostCheapSamples = 256;

Expected<std::size_t> SensitivitySamples(const Graph& graph, const Dataset& data,
                                         std::size_t candidates) {
  BW_ASSIGN(const std::int64_t macs, CountMacs(graph, data.rows_per_sample()));
  const double per_sample =
      std::max(1.0, static_cast<double>(macs) * static_cast<double>(candidates) / 2);
  return std::clamp(static_cast<std::size_t>(kSensitivityMacs / per_sample),
                    kFewestSensitivitySamples, kMostSensitivitySamples);
}

// What activations that plans share may take: a quarter of what is free, no more than is of use.
std::size_t ReusedBytes() {
  constexpr std::size_t kMost = 500'000'000;
  return std::min(FreeMemory() / 4, kMost);
}

}  // namespace

Expected<PlanSpace> PlanSpace::Create(const Graph& graph, const QuantTargets& targets,
                                      const TuneData& data, const Metric& metric,
                                      const TuneOptions& options, TrialMemo& memo,
                                      const Progress& progress) {
  PlanSpace space;
  space.targets_ = &targets;
  space.options_ = options;
  space.memo_ = &memo;
  BW_TRY(space.Prepare(graph, data, metric, progress));
  return space;
}

Expected<void> PlanSpace::Prepare(const Graph& graph, const TuneData& data, const Metric& metric,
                                  const Progress& progress) {
  const Dataset calibration = data.calibration.First(options_.calibration_samples);
  BW_ASSIGN(network_, MakeSearchNetwork(graph, *targets_, calibration, metric, options_, progress));
  BW_ASSIGN(search_, Evaluator::Create(*network_.graph, data.search, metric,
                                       {options_.threads, Backend::kFast, false}, progress));
  const bool bounds = !options_.judged;
  if (bounds && !std::isfinite(search_->float_result().value)) {
    return FailUsage(
        "--metric {}: the float network's own value is infinite, so no drop can be bounded; use "
        "agreement",
        metric.name);
  }
  if (bounds && !options_.force)
    BW_TRY(CheckPlausible(search_->float_result(), metric, data.search));
  cheap_samples_ = std::min(data.search.size(), std::clamp(data.search.size() / 5,
                                                           kFewestCheapSamples, kMostCheapSamples));
  BW_ASSIGN(candidates_,
            MakeCandidates(*network_.graph, *targets_, network_.statistics, options_, progress));
  BW_TRY(RoundCandidates(calibration, progress));
  BW_TRY(MeasureSensitivities(progress));
  MakeDecisions();
  search_->ReuseActivations(ReusedBytes());
  return {};
}

// A layer whose inputs cannot be drawn rounds to nearest.
Expected<void> PlanSpace::RoundCandidates(const Dataset& calibration, const Progress& progress) {
  std::vector<LayerInputs> inputs(targets_->tensors.size());
  if (FindMethod(options_.methods, "compensated_rounding") != nullptr) {
    BW_ASSIGN(inputs, CollectLayerInputs(*network_.graph, *targets_, calibration, options_.seed,
                                         options_.threads, progress));
  }
  const bool by_moments = FindMethod(options_.methods, "weight_scales") != nullptr;
  roundings_.resize(candidates_.size());
  std::mutex mutex;
  Expected<void> outcome;
  std::size_t done = 0;
  ParallelFor(candidates_.size(), options_.threads, [&](std::size_t c, int) {
    Candidate& candidate = candidates_[c];
    const QuantTarget& target = targets_->tensors[candidate.target];
    const LayerInputs& own = inputs[candidate.target];
    if (!own.empty()) {
      candidate.plan.rounding = WeightRounding::kCompensated;
      if (by_moments) PreferMoments(candidate.plan);
    }
    Expected<CandidateRounding> rounding = Realise(*network_.graph, target, candidate.plan, &own);
    const std::scoped_lock lock(mutex);
    if (rounding)
      roundings_[c] = *std::move(rounding);
    else if (outcome)
      outcome = tl::unexpected(std::move(rounding).error());
    if (progress)
      progress("rounding weights",
               static_cast<double>(++done) / static_cast<double>(candidates_.size()));
  });
  return outcome;
}

void PlanSpace::Add(std::size_t candidate, Rounding& rounding) const {
  const QuantTarget& target = targets_->tensors[candidates_[candidate].target];
  if (target.kind == TargetKind::kWeight)
    rounding.constants[target.value] = &roundings_[candidate]->weight;
  else
    rounding.quantizers[target.value] = &roundings_[candidate]->activation;
}

Expected<void> PlanSpace::MeasureSensitivities(const Progress& progress) {
  std::size_t samples = options_.sensitivity_samples;
  if (samples == 0) {
    BW_ASSIGN(samples, SensitivitySamples(*network_.graph, search_->data(), candidates_.size()));
  }
  // Candidates that the memo does not know are measured by one sweep.
  std::vector<TrialKey> keys;
  std::vector<std::size_t> unknown;
  std::vector<Rounding> alone;
  for (std::size_t c = 0; c < candidates_.size(); ++c) {
    keys.push_back({AloneText(candidates_[c]), samples});
    BW_ASSIGN(const std::optional<Evaluation> known, memo_->Find(keys.back()));
    if (known) {
      candidates_[c].sensitivity = known->divergence;
      continue;
    }
    unknown.push_back(c);
    Add(c, alone.emplace_back());
  }
  if (unknown.empty()) return {};
  BW_ASSIGN(const std::vector<double> losses, search_->Sensitivities(alone, samples, progress));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    Evaluation evaluation;
    evaluation.divergence = candidates_[unknown[i]].sensitivity = losses[i];
    BW_TRY(memo_->Keep(keys[unknown[i]], evaluation));
  }
  return {};
}

Plan PlanSpace::EmptyPlan() const {
  Plan plan;
  plan.network = Fingerprint(*targets_);
  plan.channel_scales = network_.channel_scales;
  return plan;
}

// A plan of the one tensor, marked as measured for its divergence alone.
std::string PlanSpace::AloneText(const Candidate& candidate) const {
  Plan plan = EmptyPlan();
  plan.tensors.emplace(targets_->tensors[candidate.target].name, candidate.plan);
  return "alone " + PlanToJson(plan);
}

void PlanSpace::MakeDecisions() {
  std::map<std::size_t, std::vector<std::size_t>> by_target;
  for (std::size_t c = 0; c < candidates_.size(); ++c)
    by_target[candidates_[c].target].push_back(c);
  for (auto& [target, members] : by_target) {
    losses_.emplace_back();
    for (const std::size_t c : members) losses_.back().push_back(candidates_[c].sensitivity);
    decided_.push_back(target);
    members_.push_back(std::move(members));
  }
}

std::vector<Candidate> PlanSpace::Chosen(const Assignment& assignment) const {
  std::vector<Candidate> chosen;
  for (std::size_t d = 0; d < assignment.size(); ++d) chosen.push_back(candidate(d, assignment[d]));
  return chosen;
}

Plan PlanSpace::PlanOf(const Assignment& assignment) const {
  Plan plan = EmptyPlan();
  for (std::size_t d = 0; d < assignment.size(); ++d)
    plan.tensors.emplace(targets_->tensors[decided_[d]].name, candidate(d, assignment[d]).plan);
  return plan;
}

WeightCodes PlanSpace::Codes(const Assignment& assignment) const {
  WeightCodes codes(targets_->tensors.size());
  for (std::size_t d = 0; d < assignment.size(); ++d)
    codes[decided_[d]] = roundings_[members_[d][assignment[d]]]->codes;
  return codes;
}

Expected<Graph> PlanSpace::Quantized(const Assignment& assignment) const {
  return ApplyPlan(*network_.graph, *targets_, PlanOf(assignment), Codes(assignment));
}

Expected<Evaluator*> PlanSpace::EvaluatorOf(Fidelity fidelity) {
  if (fidelity == Fidelity::kFull) return &*search_;
  if (!cheap_) {
    BW_ASSIGN(cheap_,
              Evaluator::Create(*network_.graph, search_->data().First(cheap_samples_),
                                search_->metric(), {options_.threads, Backend::kFast, false}));
    cheap_->ReuseActivations(ReusedBytes());
  }
  return &*cheap_;
}

Expected<Evaluation> PlanSpace::Measure(const Assignment& assignment, Fidelity fidelity) {
  const bool full = fidelity == Fidelity::kFull;
  const TrialKey key{PlanToJson(PlanOf(assignment)),
                     full ? search_->data().size() : cheap_samples_};
  BW_ASSIGN(const std::optional<Evaluation> known, memo_->Find(key));
  if (known) return *known;
  Rounding rounding;
  for (std::size_t d = 0; d < assignment.size(); ++d) Add(members_[d][assignment[d]], rounding);
  BW_ASSIGN(Evaluator* const evaluator, EvaluatorOf(fidelity));
  BW_ASSIGN(Evaluation evaluation, evaluator->Run(rounding));
  BW_TRY(memo_->Keep(key, evaluation));
  return evaluation;
}

double PlanSpace::Error(const Candidate& candidate) const {
  const QuantTarget& target = targets_->tensors[candidate.target];
  double energy = 0;
  if (target.kind == TargetKind::kWeight) {
    for (const float x : network_.graph->value(target.value).constant->span<float>())
      energy += static_cast<double>(x) * x;
  } else {
    const ActivationStatistics& statistics = network_.statistics[candidate.target];
    energy = statistics.sum_squares / std::max(1.0, static_cast<double>(statistics.count)) *
             static_cast<double>(target.elements);
  }
  return candidate.local_error * energy;
}

Expected<std::vector<double>> PlanSpace::Traces() {
  std::vector<ValueId> weights;
  for (const std::size_t t : decided_) {
    if (targets_->tensors[t].kind == TargetKind::kWeight)
      weights.push_back(targets_->tensors[t].value);
  }
  BW_ASSIGN(const std::vector<double> of_weights,
            HessianTraces(*network_.graph, weights, *search_, cheap_samples_, options_.seed));
  std::vector<double> traces;
  std::size_t weight = 0;
  for (std::size_t d = 0; d < decided_.size(); ++d) {
    if (targets_->tensors[decided_[d]].kind == TargetKind::kWeight) {
      traces.push_back(of_weights[weight++]);
      continue;
    }
    // Pixels lose nothing in 8 bits, which tells nothing.
    const Candidate* finest = nullptr;
    for (const std::size_t c : members_[d]) {
      const double error = candidates_[c].local_error;
      if (error > 0 && (finest == nullptr || error < finest->local_error)) finest = &candidates_[c];
    }
    traces.push_back(finest == nullptr ? 0 : 2 * finest->sensitivity / Error(*finest));
  }
  return traces;
}

Expected<std::vector<double>> PlanSpace::Likenesses() const {
  std::vector<ValueId> values;
  for (const std::size_t t : decided_) {
    ValueId features = targets_->tensors[t].value;
    for (const Node& node : network_.graph->nodes) {
      const bool reads = std::find(node.inputs.begin(), node.inputs.end(),
                                   targets_->tensors[t].value) != node.inputs.end();
      if (reads && targets_->tensors[t].kind == TargetKind::kWeight) features = node.outputs[0];
    }
    values.push_back(features);
  }
  return Likeness(*network_.graph, values, search_->data(), options_.threads);
}

Expected<ChoiceTable> PlanSpace::Fact(std::string_view name) {
  std::vector<double> own;
  if (name == "trace") {
    BW_ASSIGN(own, Traces());
  } else if (name == "likeness") {
    BW_ASSIGN(own, Likenesses());
  }
  const auto value = [&](std::size_t d, const Candidate& c) -> std::optional<double> {
    const QuantTarget& target = targets_->tensors[c.target];
    if (!own.empty()) return own[d];
    if (name == "width") return c.plan.spec.element.bits();
    if (name == "local_error") return c.local_error;
    if (name == "error") return Error(c);
    if (name == "elements") return static_cast<double>(target.elements);
    if (name == "is_activation") return target.kind == TargetKind::kActivation ? 1.0 : 0.0;
    return std::nullopt;
  };
  ChoiceTable table;
  for (std::size_t d = 0; d < members_.size(); ++d) {
    table.emplace_back();
    for (const std::size_t c : members_[d]) {
      const std::optional<double> fact = value(d, candidates_[c]);
      if (!fact) return Fail("strategy: '{}' is not known of this network's tensors", name);
      table.back().push_back(*fact);
    }
  }
  return table;
}

}  // namespace bw
