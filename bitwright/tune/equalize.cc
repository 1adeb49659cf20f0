#include "bitwright/tune/equalize.h"

#include <cmath>
#include <iterator>
#include <utility>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/method.h"
#include "bitwright/quant/uniform_plan.h"
#include "bitwright/tune/judge.h"

namespace bw {
namespace {

constexpr std::string_view kEqualization = "cross_layer_equalization";
constexpr int kTrialBits[] = {8, 6, 5, 4};
constexpr int kDraftBits = 5;        // that the factors are chosen for
constexpr double kWorthwhile = 0.8;  // of the divergence, or channels stay as they are
constexpr std::size_t kTrialSamples = 64;

// Weights that the scaling does not fit stay as they are.
Expected<Plan> TrialPlan(const QuantTargets& targets,
                         const std::vector<ActivationStatistics>& statistics, int bits,
                         const TuneOptions& options) {
  UniformChoice choice;
  choice.spec = [&](const QuantTarget& target) {
    if (target.kind == TargetKind::kActivation)
      return SpecText{fmt::format("int{}:asym", bits), "--activation-formats"};
    const std::string text = fmt::format("int{}:{}", bits, options.weight_scaling);
    const Expected<QuantSpec> spec = WeightSpec(text, target);
    const bool fits = spec && MakeGrouping(spec->grain, target.shape).has_value();
    return SpecText{!spec || fits ? text : "fp32", "--weight-scaling"};
  };
  return UniformPlan(targets, statistics, choice);
}

Expected<QuantDraft> Equalized(const Graph& graph, const QuantTargets& targets,
                               std::vector<ActivationStatistics> statistics, const Method& method,
                               const TuneOptions& options) {
  QuantDraft draft;
  draft.original = &graph;
  draft.graph = graph;
  draft.targets = &targets;
  BW_ASSIGN(draft.plan, TrialPlan(targets, statistics, kDraftBits, options));
  draft.statistics = {std::move(statistics), std::vector<LayerInputs>(targets.tensors.size())};
  BW_TRY(method.apply(draft, {}));
  return draft;
}

// The divergence of the network rounded to nearest at so many bits.
Expected<double> TrialLoss(Evaluator& evaluator, const Graph& graph, const QuantTargets& targets,
                           const std::vector<ActivationStatistics>& statistics, int bits,
                           const TuneOptions& options) {
  BW_ASSIGN(Plan plan, TrialPlan(targets, statistics, bits, options));
  BW_TRY(FixScales(plan, targets, statistics));
  BW_ASSIGN(const Graph quantized, ApplyPlan(graph, targets, plan));
  BW_ASSIGN(const Evaluation found,
            evaluator.RunGraph(quantized, {options.threads, Backend::kFast, false}));
  return found.divergence;
}

Expected<bool> LosesLess(const Graph& graph, const std::vector<ActivationStatistics>& statistics,
                         const QuantDraft& draft, const Dataset& samples, const Metric& metric,
                         const TuneOptions& options) {
  BW_ASSIGN(Evaluator evaluator, Evaluator::Create(graph, samples, WithoutLabels(metric.name),
                                                   {options.threads, Backend::kFast, false}));
  double logarithms = 0;
  for (const int bits : kTrialBits) {
    BW_ASSIGN(const double before,
              TrialLoss(evaluator, graph, *draft.targets, statistics, bits, options));
    BW_ASSIGN(const double after, TrialLoss(evaluator, draft.graph, *draft.targets,
                                            draft.statistics.activations, bits, options));
    logarithms += std::log(after / before);
  }
  return logarithms / std::size(kTrialBits) < std::log(kWorthwhile);
}

}  // namespace

Expected<SearchNetwork> MakeSearchNetwork(const Graph& graph, const QuantTargets& targets,
                                          const Dataset& calibration, const Metric& metric,
                                          const TuneOptions& options, const Progress& progress) {
  SearchNetwork network;
  network.graph = std::make_shared<const Graph>(graph);
  BW_ASSIGN(network.statistics,
            Calibrate(graph, targets, calibration, options.seed, options.threads, progress));
  const Method* const method = FindMethod(options.methods, kEqualization);
  if (method == nullptr) return network;
  BW_ASSIGN(QuantDraft draft, Equalized(graph, targets, network.statistics, *method, options));
  if (draft.plan.channel_scales.empty()) return network;
  BW_ASSIGN(const bool better, LosesLess(graph, network.statistics, draft,
                                         calibration.First(kTrialSamples), metric, options));
  if (!better) return network;
  network.graph = std::make_shared<const Graph>(std::move(draft.graph));
  network.channel_scales = std::move(draft.plan.channel_scales);
  network.statistics = std::move(draft.statistics.activations);
  return network;
}

}  // namespace bw
