#include "bitwright/quant/apply.h"

#include <algorithm>

#include "bitwright/quant/scale_method.h"

namespace bw {
namespace {

Node MakeFakeQuantize(const std::string& name, const TensorPlan& plan, ValueId from, ValueId to) {
  Node node;
  node.name = name + ".quantize";
  node.op = FindOp("FakeQuantize", "bitwright");
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
  const ValueId rounded = graph.AddValue(name + ".quantized", graph.value(id).type);
  ReplaceUses(graph, id, rounded);
  const int producer = Producers(graph)[static_cast<std::size_t>(id)];
  graph.nodes.insert(graph.nodes.begin() + producer + 1, MakeFakeQuantize(name, plan, id, rounded));
}

}  // namespace

Expected<QTensor> QuantizeWeight(const Tensor& weight, const TensorPlan& plan) {
  BW_ASSIGN(const Grouping grouping, MakeGrouping(plan.spec.grain, weight.shape()));
  BW_ASSIGN(const QuantParams params,
            ChooseScales(weight.span<float>(), grouping, plan.spec, plan.scale_method));
  return Quantize(weight, plan.spec, params);
}

Expected<QuantParams> ActivationParams(const std::string& name, const TensorPlan& plan,
                                       const ActivationStatistics* statistics) {
  if (!std::holds_alternative<PerTensor>(plan.spec.grain)) {
    return Fail(
        "spec '{}' for activation '{}': activations take one scale per tensor; leave the grain out",
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

Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan) {
  Graph result = graph;
  for (const QuantTarget& target : targets.tensors) {
    const auto entry = plan.tensors.find(target.name);
    if (entry == plan.tensors.end()) continue;
    const TensorPlan& tensor = entry->second;
    if (target.kind == TargetKind::kActivation) {
      BW_TRY(ActivationParams(target.name, tensor, nullptr));
      QuantizeActivation(result, target.value, tensor);
      continue;
    }
    Expected<QTensor> quantized = QuantizeWeight(*graph.value(target.value).constant, tensor);
    if (!quantized) {
      return Context(fmt::format("spec '{}' for '{}'", tensor.spec.ToString(), target.name),
                     quantized.error());
    }
    Value& value = result.value(target.value);
    value.constant = Dequantize(*quantized);
    value.quantized = *std::move(quantized);
  }
  BW_TRY(Verify(result));
  return result;
}

}  // namespace bw
