#include "bitwright/quant/repair.h"

#include <chrono>

#include "bitwright/quant/layer_errors.h"
#include "bitwright/quant/self_distillation.h"

namespace bw {
namespace {

constexpr std::size_t kGainSamples = 64, kLayerSamples = 16;

class Repairer {
 public:
  Repairer(const Graph& graph, const QuantTargets& targets, Plan plan, Statistics statistics,
           const RepairOptions& options, const MethodContext& context)
      : options_(options), context_(context) {
    draft_.original = &graph;
    draft_.graph = graph;
    draft_.targets = &targets;
    draft_.statistics = std::move(statistics);
    draft_.plan = std::move(plan);
  }

  Expected<Repaired> Run() {
    BW_TRY(Measure("nearest", "", 0));
    Stage stage = Stage::kNetwork;
    for (const Method* method : options_.methods) {
      BW_TRY(Enter(method->stage, stage));
      const auto start = std::chrono::steady_clock::now();
      Expected<std::string> note = method->apply(draft_, context_);
      if (!note) return Context(std::string(method->name), note.error());
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      BW_TRY(Measure(std::string(method->name), *note, took.count()));
    }
    BW_TRY(Enter(Stage::kBiases, stage));
    result_.plan = std::move(draft_.plan);
    result_.graph = std::move(draft_.graph);
    result_.quantized = std::move(draft_.quantized);
    result_.statistics = std::move(draft_.statistics);
    return std::move(result_);
  }

 private:
  // What a stage finds done when its first method runs.
  Expected<void> Enter(Stage next, Stage& stage) {
    if (stage < Stage::kRounding && next >= Stage::kRounding) BW_TRY(FixAllScales(draft_.plan));
    if (stage < Stage::kBiases && next == Stage::kBiases) {
      BW_ASSIGN(draft_.quantized, Realise(draft_.plan));
    }
    stage = next;
    return {};
  }

  // An activation whose scale no method has chosen gets a rule's.
  Expected<void> FixAllScales(Plan& plan) const {
    for (auto& [unused, tensor] : plan.tensors) {
      if (tensor.scale_method == kScaleByOutput && !tensor.HasScale())
        tensor.scale_method = "norm=3";
    }
    return FixScales(plan, *draft_.targets, draft_.statistics.activations);
  }

  // The network of a plan whose scales are fixed, with the codes that are known.
  Expected<Graph> Realise(const Plan& plan) const {
    if (!draft_.codes.empty()) return ApplyPlan(draft_.graph, *draft_.targets, plan, draft_.codes);
    BW_ASSIGN(const WeightCodes codes,
              QuantizeWeights(draft_.graph, *draft_.targets, plan, draft_.statistics.inputs,
                              context_.threads, context_.progress));
    return ApplyPlan(draft_.graph, *draft_.targets, plan, codes);
  }

  Expected<void> Measure(std::string method, std::string note, double seconds) {
    if (options_.gains == Gains::kSkip) return {};
    if (!evaluator_) {
      const Dataset samples = context_.calibration->First(kGainSamples);
      BW_ASSIGN(evaluator_, Evaluator::Create(*draft_.original, samples, *context_.metric, Fast(),
                                              context_.progress));
    }
    Plan plan = draft_.plan;
    BW_TRY(FixAllScales(plan));
    BW_ASSIGN(const Graph quantized, Realise(plan));
    BW_ASSIGN(const Evaluation found, evaluator_->RunGraph(quantized, Fast(), context_.progress));
    BW_ASSIGN(const std::vector<LayerError> errors,
              LayerErrors(*draft_.original, quantized, plan.channel_scales,
                          context_.calibration->First(kLayerSamples), context_.threads));
    MethodGain gain{std::move(method), std::move(note), found.divergence, {}, seconds};
    result_.layers.clear();
    for (const LayerError& error : errors) {
      result_.layers.push_back(error.layer);
      gain.layers.push_back(error.error);
    }
    result_.gains.push_back(std::move(gain));
    return {};
  }

  RunnerOptions Fast() const { return {context_.threads, Backend::kFast, false}; }

  const RepairOptions& options_;
  const MethodContext& context_;
  QuantDraft draft_;
  Repaired result_;
  std::optional<Evaluator> evaluator_;
};

}  // namespace

Expected<Repaired> Repair(const Graph& graph, const QuantTargets& targets, Plan plan,
                          Statistics statistics, const RepairOptions& options,
                          const MethodContext& context) {
  return Repairer(graph, targets, std::move(plan), std::move(statistics), options, context).Run();
}

}  // namespace bw
