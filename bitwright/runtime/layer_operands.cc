#include "bitwright/runtime/layer_operands.h"

#include <utility>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

// The axis of output channels of a layer that can be lowered.
Expected<int> ChannelAxis(const Node& node, const Shape& weight) {
  const std::string_view op = node.op->name;
  if (op == "Conv" && weight.size() == 4) return 0;
  if (op == "MatMul" && weight.size() == 2) return 1;
  if (op != "Gemm" && op != "MatMul")
    return Fail("{} of weights {} has no integer form", op, ShapeText(weight));
  const bool plain = node.attributes.Float("alpha", 1) == 1 &&
                     node.attributes.Float("beta", 1) == 1 && node.attributes.Int("transA", 0) == 0;
  if (weight.size() != 2 || !plain)
    return Fail("{} of more than two axes, or with alpha, beta or transA, has no integer form", op);
  return node.attributes.Int("transB", 0) != 0 ? 0 : 1;
}

Expected<Tensor> ReadBias(const Graph& graph, const Node& node, const IntegerWeights& weights) {
  const std::int64_t channels = weights.integers.shape()[0];
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue)
    return Tensor(DType::kFloat32, {channels});
  const auto& constant = graph.value(node.inputs[2]).constant;
  if (!constant || constant->size() != channels)
    return Fail("the bias is no constant of {} numbers", channels);
  Tensor bias = *constant;
  bias.Reshape({channels});
  return bias;
}

}  // namespace

Expected<LayerConstants> ReadConstants(const Graph& graph, const Node& node) {
  const Value* weight = node.inputs.size() < 2 ? nullptr : &graph.value(node.inputs[1]);
  if (weight == nullptr || !weight->quantized) return Fail("weights are not quantized");
  BW_ASSIGN(const int axis, ChannelAxis(node, weight->quantized->shape));
  // Known where the graph says it: 0 else.
  const std::size_t rank = graph.value(node.inputs[0]).type.shape.size();
  if (node.op->name == "MatMul" && rank != 2)
    return Fail("MatMul of {} axes has no integer form", rank);
  BW_ASSIGN(IntegerWeights weights, ReadWeights(*weight->quantized, axis));
  BW_ASSIGN(Tensor bias, ReadBias(graph, node, weights));
  return LayerConstants{std::move(weights), std::move(bias)};
}

Expected<LayerOperands> ReadOperands(const Attributes& rounding, const IntegerWeights& weights,
                                     const Tensor& bias) {
  const auto found = FindIntegerGrid(rounding);
  if (!found) {
    return Fail("inputs of {} are no integers of at most 20 bits of one unit",
                rounding.String("spec", ""));
  }
  BW_ASSIGN(const LayerPath path, ExactPath(*found, weights));
  return LayerOperands{rounding, *found, weights, bias, path};
}

Tensor Multiplier(const LayerOperands& layer) {
  const std::vector<double>& steps = layer.weights.steps;
  Tensor multiplier(DType::kFloat32, {static_cast<std::int64_t>(steps.size())});
  for (std::size_t c = 0; c < steps.size(); ++c)
    multiplier.span<float>()[c] = static_cast<float>(layer.grid.step() * steps[c]);
  return multiplier;
}

}  // namespace bw
