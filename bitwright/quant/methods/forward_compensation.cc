// Compensated rounding behind the rounded layers before: each layer, in execution order, is first
// fitted to give the float network's output from the inputs that it really sees (refit.h), then
// rounded with compensation under the second moments of those; its bias takes up the means. After
// GPTAQ (arXiv 2504.02692), for any format, grain and grouping; the means are our addition.

#include <algorithm>
#include <set>

#include "bitwright/quant/bias_correction.h"
#include "bitwright/quant/method.h"
#include "bitwright/quant/refit.h"
#include "bitwright/quant/region_walk.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kLayerInputs};
// Where all tensors have more, the fit follows the noise of its samples more than that of rounding,
// and the correction of biases alone brings the output nearer.
constexpr int kMostBits = 6;
constexpr double kShare = 0.05;  // of the work that learning may cost
// Of the fit, the least first; chosen on vectors of other samples where there are fewer than so
// many for each element of them, which takes as long as the fit.
constexpr double kDampings[] = {0.01, 0.1, 1, 10};
constexpr std::int64_t kManyVectors = 16;

// The layers of a draft, rounded one after the other.
class ForwardPass {
 public:
  ForwardPass(QuantDraft& draft, const MethodContext& context) : draft_(draft), context_(context) {}

  Expected<std::string> Run() {
    BW_ASSIGN(rounded_, ApplyPlan(draft_.graph, *draft_.targets, draft_.plan, draft_.codes));
    biases_ = OwnBiases(rounded_);
    BW_ASSIGN(RegionWalk walk, RegionWalk::Create(draft_.graph, rounded_, FittingSamples(context_),
                                                  kShare * context_.learning_macs));
    for (std::size_t done = 0; !walk.AtEnd(); ++done) {
      if (context_.progress) {
        context_.progress("compensating forward",
                          static_cast<double>(done) / static_cast<double>(walk.regions()));
      }
      BW_TRY(RoundRegion(walk));
    }
    return fmt::format("{} layers, {} samples", fitted_.size(), walk.samples());
  }

 private:
  Expected<void> RoundRegion(RegionWalk& walk) {
    BW_ASSIGN(const WalkedRegion region, walk.Next());
    BW_ASSIGN(LayerInputDrawer given,
              LayerInputDrawer::Create(region.given, *draft_.targets, region.given_rows,
                                       context_.seed, context_.threads));
    BW_ASSIGN(LayerInputDrawer wanted,
              given.Partner(region.wanted, region.wanted_rows, context_.threads));
    for (const std::size_t t : given.Drawable()) {
      if (!draft_.codes[t] || !fitted_.insert(t).second) continue;
      BW_ASSIGN(const std::vector<LayerInputs> x, wanted.Draw({&t, 1}));
      BW_ASSIGN(std::vector<LayerInputs> y, given.Draw({&t, 1}));
      BW_TRY(Round(t, x[0], std::move(y[0]), given.runner()));
    }
    return walk.Leave(region, wanted.runner(), given.runner());
  }

  const LayerBias* BiasBehind(ValueId weight) const {
    for (const Node& node : rounded_.nodes) {
      if (node.op->role != OpRole::kCompute || node.op->weight_input < 0) continue;
      if (node.inputs[static_cast<std::size_t>(node.op->weight_input)] != weight) continue;
      for (const LayerBias& bias : biases_) {
        if (bias.output == node.outputs[0]) return &bias;
      }
    }
    return nullptr;
  }

  Expected<void> Round(std::size_t t, LayerInputs x, LayerInputs y, Runner& runner) {
    const QuantTarget& target = draft_.targets->tensors[t];
    const Tensor& weight = *draft_.graph.value(target.value).constant;
    const LayerBias* bias = BiasBehind(target.value);
    const std::vector<double> x_means = MeansOf(x), y_means = MeansOf(y);
    if (bias != nullptr) {
      x = Centred(std::move(x), x_means);
      y = Centred(std::move(y), y_means);
    }
    const double damping =
        y.count < kManyVectors * y.length ? BestDamping(weight, x, y, kDampings) : kDampings[0];
    TensorPlan& plan = draft_.plan.tensors.at(target.name);
    plan.rounding = WeightRounding::kCompensated;
    BW_ASSIGN(draft_.codes[t], QuantizeWeight(Refit(weight, x, y, damping), plan, &y));
    plan.spec = draft_.codes[t]->spec;  // a fitted format's values are the tensor's
    plan.rounding = WeightRounding::kLearned;
    plan.codes = Store(*draft_.codes[t]);
    Tensor& now = *rounded_.value(target.value).constant;
    now = Dequantize(*draft_.codes[t]);
    Replace(runner, target.value, now);
    if (bias != nullptr) MoveBias(*bias, BiasShift(weight, x_means, now, y_means, y), runner);
    return {};
  }

  void MoveBias(const LayerBias& bias, const std::vector<double>& shift, Runner& runner) {
    Tensor& now = *rounded_.value(bias.bias).constant;
    const std::span<float> values = now.span<float>();
    for (std::size_t c = 0; c < values.size(); ++c)
      values[c] = static_cast<float>(static_cast<double>(values[c]) + shift[c]);
    Replace(runner, bias.bias, now);
    draft_.plan.biases[rounded_.value(bias.output).name] = {values.begin(), values.end()};
  }

  static void Replace(Runner& runner, ValueId id, const Tensor& elements) {
    runner.ForEachExecutor([&](Executor& executor) { executor.SetConstant(id, &elements); });
  }

  QuantDraft& draft_;
  const MethodContext& context_;
  Graph rounded_;
  std::vector<LayerBias> biases_;
  std::set<std::size_t> fitted_;  // targets
};

bool IsCoarse(const Plan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(), [](const auto& entry) {
    return entry.second.spec.element.bits() <= kMostBits;
  });
}

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  if (!IsCoarse(draft.plan)) return fmt::format("no tensor of at most {} bits", kMostBits);
  if (draft.codes.empty()) BW_TRY(RoundWeights(draft, context));
  return ForwardPass(draft, context).Run();
}

}  // namespace

BW_ENTRY(Method, forward_compensation) = {
    "forward_compensation",
    "each layer fitted anew to the inputs that rounded layers give it, then rounded again",
    Stage::kRounding,
    Effort::kStandard,
    kNeeds,
    Apply};

}  // namespace bw::methods
