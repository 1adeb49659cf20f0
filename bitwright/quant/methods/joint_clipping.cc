// Scales of activations moved together: one after the other in forward order, all others rounded as
// they are at the moment, each goes the way that brings the network's output nearer to the float
// network's, as long as it does. Where activations have few bits the best scale of one depends on
// what those before it have clipped; self_distillation looks at each alone. Coordinate descent, as
// LAPQ's joint optimization (arXiv 1911.07190, section 4) but on the output's distance
// (Evaluation::distances).

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bitwright/quant/evaluate.h"
#include "bitwright/quant/fit_spec.h"
#include "bitwright/quant/method.h"
#include "bitwright/runtime/work.h"
#include "bitwright/tensor/block_scale.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kActivations};
constexpr double kMacs = 1e12;
// At more bits the rules of self_distillation are as good.
constexpr int kMostBits = 6;
constexpr double kSteps[] = {0.85, 1 / 0.85};
constexpr int kRounds = 2;
constexpr double kRunsOfEach = 6;  // that a scale needs, about
constexpr double kCacheBytes = 1e9;

// An activation whose scale may move.
struct Movable {
  ValueId value = kNoValue;
  TensorPlan* plan = nullptr;
};

class JointClipping {
 public:
  JointClipping(QuantDraft& draft, const MethodContext& context)
      : draft_(draft), context_(context) {}

  Expected<std::string> Run() {
    BW_TRY(FixScales(draft_.plan, *draft_.targets, draft_.statistics.activations));
    BW_TRY(FindActivations());
    if (movable_.empty()) return fmt::format("no activation of at most {} bits", kMostBits);
    BW_ASSIGN(const Dataset samples, AffordableSamples());
    BW_ASSIGN(Evaluator evaluator,
              Evaluator::Create(draft_.graph, samples, *context_.metric,
                                {context_.threads, Backend::kFast, false}, context_.progress));
    evaluator.ReuseActivations(static_cast<std::size_t>(kCacheBytes));
    BW_ASSIGN(distance_, Distance(evaluator));
    const double before = distance_;
    int moves = 0, last = 1;
    for (int round = 0; round < kRounds && last > 0; ++round) {
      last = 0;
      for (const Movable& activation : movable_) {
        BW_ASSIGN(const bool changed, Move(activation, evaluator));
        last += changed ? 1 : 0;
      }
      moves += last;
    }
    return fmt::format("{} moves of {} scales; distance {:.4g}, was {:.4g}, on {} samples", moves,
                       movable_.size(), distance_, before, samples.size());
  }

 private:
  Expected<void> FindActivations() {
    for (const QuantTarget& target : draft_.targets->tensors) {
      const auto entry = draft_.plan.tensors.find(target.name);
      if (target.kind != TargetKind::kActivation || entry == draft_.plan.tensors.end()) continue;
      TensorPlan& plan = entry->second;
      BW_TRY(SetQuantizer(target.value, plan));
      const bool stays = IsDynamic(plan.spec) || IsFitted(plan.spec.element);
      if (!stays && plan.spec.element.bits() <= kMostBits)
        movable_.push_back({target.value, &plan});
    }
    return {};
  }

  Expected<void> SetQuantizer(ValueId value, const TensorPlan& plan) {
    BW_ASSIGN(QuantParams params, ActivationParams("", plan, nullptr));
    quantizers_.insert_or_assign(value, ActivationQuantizer{plan.spec, std::move(params)});
    return {};
  }

  Expected<Dataset> AffordableSamples() const {
    const Dataset& data = FittingSamples(context_);
    BW_ASSIGN(const std::int64_t once, CountMacs(draft_.graph, data.rows_per_sample()));
    const double runs = 1 + kRunsOfEach * static_cast<double>(movable_.size()) / 2;
    const double per_sample = std::max(1.0, static_cast<double>(once) * runs);
    return data.First(static_cast<std::size_t>(std::clamp(kMacs / per_sample, 16.0, 256.0)));
  }

  // The mean, of the network whose activations are rounded and whose weights are not.
  Expected<double> Distance(Evaluator& evaluator) {
    Rounding rounding;
    for (const auto& [value, quantizer] : quantizers_) rounding.quantizers[value] = &quantizer;
    BW_ASSIGN(const Evaluation found, evaluator.Run(rounding, context_.progress, "clipping"));
    return std::accumulate(found.distances.begin(), found.distances.end(), 0.0) /
           static_cast<double>(found.distances.size());
  }

  // As far as it brings the output nearer, down or else up.
  Expected<bool> Move(const Movable& activation, Evaluator& evaluator) {
    for (const double step : kSteps) {
      bool nearer = false;
      BW_ASSIGN(bool better, Try(activation, step, evaluator));
      while (better) {
        nearer = true;
        BW_ASSIGN(better, Try(activation, step, evaluator));
      }
      if (nearer) return true;
    }
    return false;
  }

  // Takes the step where it brings the output nearer, and says whether it did.
  Expected<bool> Try(const Movable& activation, double step, Evaluator& evaluator) {
    FixedScale& fixed = *activation.plan->fixed;
    const float scale = fixed.scale;
    fixed.scale = static_cast<float>(step * static_cast<double>(scale));
    BW_TRY(SetQuantizer(activation.value, *activation.plan));
    BW_ASSIGN(const double distance, Distance(evaluator));
    if (distance < distance_) {
      distance_ = distance;
      return true;
    }
    fixed.scale = scale;
    BW_TRY(SetQuantizer(activation.value, *activation.plan));
    return false;
  }

  QuantDraft& draft_;
  const MethodContext& context_;
  std::vector<Movable> movable_;
  std::map<ValueId, ActivationQuantizer> quantizers_;
  double distance_ = 0;
};

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  return JointClipping(draft, context).Run();
}

}  // namespace

BW_ENTRY(Method, joint_clipping) = {
    "joint_clipping", "scales of activations moved together, by the output",
    Stage::kClipping, Effort::kStandard,
    kNeeds,           Apply};

}  // namespace bw::methods
