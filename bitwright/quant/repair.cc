#include "bitwright/quant/repair.h"

#include <algorithm>
#include <chrono>

#include "bitwright/quant/layer_errors.h"
#include "bitwright/quant/self_distillation.h"

namespace bw {
namespace {

constexpr std::size_t kMostSamples = 64, kLayerSamples = 16;
// Standard errors. By one, methods that help were undone where 25 samples were held out.
constexpr double kDoubt = 2;

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
    for (const Method* method : options_.methods) {
      BW_TRY(Enter(method->stage));
      BW_TRY(Apply(*method));
    }
    BW_TRY(Enter(Stage::kBiases));
    result_.plan = std::move(draft_.plan);
    result_.graph = std::move(draft_.graph);
    result_.quantized = std::move(draft_.quantized);
    result_.statistics = std::move(draft_.statistics);
    return std::move(result_);
  }

 private:
  // What a stage finds done when its first method runs.
  Expected<void> Enter(Stage next) {
    if (stage_ < Stage::kClipping && next >= Stage::kClipping) BW_TRY(FixAllScales(draft_.plan));
    if (stage_ < Stage::kRounding && next >= Stage::kRounding) judged_.reset();
    if (stage_ < Stage::kBiases && next == Stage::kBiases) {
      BW_ASSIGN(draft_.quantized, Realise(draft_.plan));
    }
    stage_ = next;
    return {};
  }

  // Runs the method, and undoes what is no gain.
  Expected<void> Apply(const Method& method) {
    BW_ASSIGN(const Evaluation before, Judge());
    Kept kept = Keep();
    const auto start = std::chrono::steady_clock::now();
    Expected<std::string> note = method.apply(draft_, context_);
    if (!note) return Context(std::string(method.name), note.error());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    judged_.reset();
    const auto ahead = ahead_;
    if (stage_ == Stage::kNetwork) ahead_.reset();
    BW_ASSIGN(const Evaluation after, Judge());
    const Shift shift = ShiftOf(before, after);
    const bool undo = shift.mean > kDoubt * shift.error;
    if (undo) {
      *note = fmt::format("undone: {:.3g} +- {:.2g} farther on {} held-out samples ({})",
                          shift.mean, shift.error, after.images, *note);
      Restore(std::move(kept));
      judged_ = before;
      ahead_ = ahead;
    }
    BW_TRY(Measure(std::string(method.name), *note, took.count()));
    if (options_.gains == Gains::kMeasure) result_.gains.back().kept = !undo;
    return {};
  }

  // What a method may change; statistics follow the network's channels.
  struct Kept {
    Graph graph, quantized;
    Plan plan;
    WeightCodes codes;
    std::optional<Statistics> statistics;
  };
  Kept Keep() const {
    Kept kept{draft_.graph, draft_.quantized, draft_.plan, draft_.codes, {}};
    if (stage_ == Stage::kNetwork) kept.statistics = draft_.statistics;
    return kept;
  }
  void Restore(Kept kept) {
    draft_.graph = std::move(kept.graph);
    draft_.quantized = std::move(kept.quantized);
    draft_.plan = std::move(kept.plan);
    draft_.codes = std::move(kept.codes);
    if (kept.statistics) draft_.statistics = *std::move(kept.statistics);
  }

  // How far the draft is, as far as its weights are decided.
  Expected<Evaluation> Judge() {
    if (judged_) return *judged_;
    BW_TRY(MakeEvaluator());
    Plan plan = draft_.plan;
    BW_TRY(FixAllScales(plan));
    Graph quantized;
    if (stage_ < Stage::kRounding) {
      BW_TRY(LookAhead(plan));
      BW_ASSIGN(quantized, ApplyPlan(draft_.graph, *draft_.targets, plan, *ahead_));
    } else if (stage_ < Stage::kBiases) {
      BW_ASSIGN(quantized, Realise(plan));
    } else {
      quantized = draft_.quantized;
    }
    BW_ASSIGN(judged_, evaluator_->RunGraph(quantized, Fast(), context_.progress));
    return *judged_;
  }

  // The weights as they will be rounded, under scales of their rules; what methods of kScales find
  // for weights shows when they are.
  Expected<void> LookAhead(Plan plan) {
    if (ahead_) return {};
    const bool compensates = FindMethod(options_.methods, "compensated_rounding") != nullptr;
    for (std::size_t t = 0; compensates && t < draft_.targets->tensors.size(); ++t) {
      const QuantTarget& target = draft_.targets->tensors[t];
      const auto entry = plan.tensors.find(target.name);
      if (entry != plan.tensors.end() && !draft_.statistics.inputs[t].empty())
        entry->second.rounding = WeightRounding::kCompensated;
    }
    BW_ASSIGN(ahead_, QuantizeWeights(draft_.graph, *draft_.targets, plan, draft_.statistics.inputs,
                                      context_.threads));
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

  Expected<void> MakeEvaluator() {
    if (evaluator_) return {};
    const Dataset& samples = context_.held_out ? *context_.held_out : *context_.calibration;
    BW_ASSIGN(evaluator_, Evaluator::Create(*draft_.original, samples.First(kMostSamples),
                                            *context_.metric, Fast(), context_.progress));
    return {};
  }

  // Before the weights are rounded the gains are those with nearest weights.
  Expected<void> Measure(std::string method, std::string note, double seconds) {
    if (options_.gains == Gains::kSkip) return {};
    BW_TRY(MakeEvaluator());
    Plan plan = draft_.plan;
    BW_TRY(FixAllScales(plan));
    BW_ASSIGN(const Graph quantized, stage_ < Stage::kBiases ? Realise(plan) : draft_.quantized);
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
  Stage stage_ = Stage::kNetwork;
  std::optional<Evaluator> evaluator_;
  std::optional<Evaluation> judged_;  // Judge of the draft as it is
  std::optional<WeightCodes> ahead_;  // of LookAhead
};

}  // namespace

Expected<Repaired> Repair(const Graph& graph, const QuantTargets& targets, Plan plan,
                          Statistics statistics, const RepairOptions& options,
                          const MethodContext& context) {
  return Repairer(graph, targets, std::move(plan), std::move(statistics), options, context).Run();
}

}  // namespace bw
