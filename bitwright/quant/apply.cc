#include "bitwright/quant/apply.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "bitwright/base/parallel.h"
#include "bitwright/quant/bias_correction.h"
#include "bitwright/quant/compensate.h"
#include "bitwright/quant/fit_spec.h"
#include "bitwright/tensor/block_scale.h"

namespace bw {
namespace {

Node MakeFakeQuantize(const std::string& name, const TensorPlan& plan, ValueId from, ValueId to) {
  Node node;
  node.name = name + ".quantize";
  node.op = FindOp("FakeQuantize", kOwnDomain);
  BW_CHECK(node.op != nullptr);
  node.inputs = {from};
  node.outputs = {to};
  node.attributes.Set("spec", plan.spec.ToString());
  node.attributes.Set("scale", plan.fixed->scale);
  node.attributes.Set("zero", static_cast<std::int64_t>(plan.fixed->zero));
  return node;
}

// Inserts a FakeQuantize right behind the value's producer; every reader then reads the rounded
// value.
void QuantizeActivation(Graph& graph, ValueId id, const TensorPlan& plan) {
  const std::string name = graph.value(id).name;
  const ValueId rounded = graph.AddValue(name + ".rounded", graph.value(id).type);
  ReplaceUses(graph, id, rounded);
  const int producer = Producers(graph)[static_cast<std::size_t>(id)];
  graph.nodes.insert(graph.nodes.begin() + producer + 1, MakeFakeQuantize(name, plan, id, rounded));
}

}  // namespace

Expected<QTensor> QuantizeWeight(const Tensor& weight, const TensorPlan& plan,
                                 const LayerInputs* inputs) {
  if (plan.rounding == WeightRounding::kLearned) {
    if (plan.HasCodes()) return Restore(*plan.codes, plan.spec, weight.shape());
    return Fail(
        "rounding 'learned' has {}; say 'compensated' or 'nearest', or make a plan with --effort "
        "best",
        plan.codes ? fmt::format("codes of '{}'", plan.codes->coded_for) : "no codes");
  }
  BW_ASSIGN(const Grouping grouping, MakeGrouping(plan.spec.grain, weight.shape()));
  const bool by_moments = plan.scale_method == kScaleByMoments;
  BW_ASSIGN(ReadySpec ready, ReadySpecFor(weight.span<float>(), grouping, plan.spec,
                                          by_moments ? "mse" : plan.scale_method));
  if (plan.rounding == WeightRounding::kNearest) {
    return Quantize(weight, ready.spec, ready.params);
  }
  if (inputs == nullptr || inputs->empty()) {
    return Fail(
        "rounding 'compensated' needs the layer's inputs; give calibration samples with --data, or "
        "round to "
        "nearest");
  }
  if (by_moments) ready.params = BetterScales(weight, ready.spec, ready.params, *inputs);
  return Quantize(RoundCompensated(weight, ready.spec, ready.params, *inputs), ready.spec,
                  ready.params);
}

Expected<WeightCodes> QuantizeWeights(const Graph& graph, const QuantTargets& targets,
                                      const Plan& plan, const std::vector<LayerInputs>& inputs,
                                      int threads, const Progress& progress) {
  WeightCodes codes(targets.tensors.size());
  std::mutex mutex;
  Expected<void> outcome;
  std::size_t done = 0;
  ParallelFor(targets.tensors.size(), threads, [&](std::size_t t, int) {
    const QuantTarget& target = targets.tensors[t];
    const auto entry = plan.tensors.find(target.name);
    if (target.kind != TargetKind::kWeight || entry == plan.tensors.end()) return;
    Expected<QTensor> quantized = QuantizeWeight(*graph.value(target.value).constant, entry->second,
                                                 inputs.empty() ? nullptr : &inputs[t]);
    const std::scoped_lock lock(mutex);
    if (quantized) {
      codes[t] = *std::move(quantized);
    } else if (outcome) {
      outcome =
          Context(fmt::format("spec '{}' for '{}'", entry->second.spec.ToString(), target.name),
                  quantized.error());
    }
    if (progress)
      progress("rounding weights", static_cast<double>(++done) / static_cast<double>(codes.size()));
  });
  BW_TRY(outcome);
  return codes;
}

Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan) {
  BW_ASSIGN(const WeightCodes weights, QuantizeWeights(graph, targets, plan, {}, 1));
  return ApplyPlan(graph, targets, plan, weights);
}

bool NeedsLayerInputs(const Plan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(), [](const auto& entry) {
    return entry.second.rounding == WeightRounding::kCompensated;
  });
}

Expected<QuantParams> ActivationParams(const std::string& name, const TensorPlan& plan,
                                       const ActivationStatistics* statistics) {
  if (!std::holds_alternative<PerTensor>(plan.spec.grain) && !IsDynamic(plan.spec)) {
    return Fail(
        "spec '{}' for activation '{}': activations take one scale per tensor, or blocks along "
        "axis 1 "
        "under e8m0 or two levels; leave the grain out",
        plan.spec.ToString(), name);
  }
  if (plan.HasScale()) {
    QuantParams params{{plan.fixed->scale}, {}};
    if (!plan.spec.symmetric) params.zeros = {plan.fixed->zero};
    return params;
  }
  if (statistics == nullptr || statistics->count == 0) {
    return Fail("activation '{}' has no scale for spec '{}'; give calibration data with --data",
                name, plan.spec.ToString());
  }
  if (IsDynamic(plan.spec)) {
    const double most = std::max(std::abs(statistics->min), std::abs(statistics->max));
    return QuantParams{{plan.spec.two_level ? OuterScale(most, plan.spec) : 1.0F}, {}};
  }
  if (IsFitted(plan.spec.element)) return QuantParams{{1.0F}, {}};  // its values are the tensor's
  return ChooseScale({statistics->sample, statistics->min, statistics->max, &plan.spec},
                     plan.scale_method);
}

Expected<void> FixScales(Plan& plan, const QuantTargets& targets,
                         const std::vector<ActivationStatistics>& statistics) {
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    const auto entry = plan.tensors.find(target.name);
    if (target.kind != TargetKind::kActivation || entry == plan.tensors.end()) continue;
    TensorPlan& tensor = entry->second;
    const ActivationStatistics* known = statistics.empty() ? nullptr : &statistics[t];
    BW_ASSIGN(const QuantParams params, ActivationParams(target.name, tensor, known));
    tensor.fixed = FixedScale{params.scales[0], params.zeros.empty() ? 0 : params.zeros[0],
                              tensor.spec.ToString()};
  }
  return {};
}

Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan,
                          const WeightCodes& weights) {
  BW_CHECK(weights.size() == targets.tensors.size());
  Graph result = graph;
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    const auto entry = plan.tensors.find(target.name);
    if (entry == plan.tensors.end()) continue;
    if (target.kind == TargetKind::kActivation) {
      BW_TRY(ActivationParams(target.name, entry->second, nullptr));
      QuantizeActivation(result, target.value, entry->second);
      continue;
    }
    BW_CHECK(weights[t].has_value());
    Value& value = result.value(target.value);
    value.constant = Dequantize(*weights[t]);
    value.quantized = weights[t];
  }
  BW_TRY(SetBiases(result, plan.biases));
  BW_TRY(Verify(result));
  return result;
}

bool PreferMoments(TensorPlan& plan) {
  constexpr int kMostBits = 6;
  if (plan.scale_method != "mse" || plan.spec.element.bits() > kMostBits) return false;
  plan.scale_method = std::string(kScaleByMoments);
  return true;
}

}  // namespace bw
