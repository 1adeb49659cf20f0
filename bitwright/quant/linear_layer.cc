#include "bitwright/quant/linear_layer.h"

#include "bitwright/graph/op.h"

namespace bw {
namespace {

const Tensor* FloatConstant(const Graph& graph, const Node& node, std::size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return nullptr;
  const std::optional<Tensor>& constant = graph.value(node.inputs[input]).constant;
  return constant && constant->dtype() == DType::kFloat32 ? &*constant : nullptr;
}

// Fills in the layout; false where channels are not on axis 1 of a matrix.
bool ReadMatrix(const Node& node, const Shape& weight, std::size_t input_rank, LinearLayer& layer) {
  if (weight.size() != 2 || input_rank != 2 || node.attributes.Int("transA", 0) != 0) return false;
  const bool rows_are_outputs = node.attributes.Int("transB", 0) != 0;
  layer.layout = rows_are_outputs ? LinearLayer::Layout::kOutIn : LinearLayer::Layout::kInOut;
  layer.second = weight[1];
  layer.outputs = weight[rows_are_outputs ? 0 : 1];
  layer.inputs = weight[rows_are_outputs ? 1 : 0];
  return true;
}

bool ReadConvolution(const Node& node, const Shape& weight, LinearLayer& layer) {
  if (weight.size() < 3) return false;
  const bool transposed = node.op->name == "ConvTranspose";
  layer.layout = transposed ? LinearLayer::Layout::kInOut : LinearLayer::Layout::kOutIn;
  layer.groups = node.attributes.Int("group", 1);
  layer.second = weight[1];
  for (std::size_t axis = 2; axis < weight.size(); ++axis) layer.taps *= weight[axis];
  layer.outputs = transposed ? weight[1] * layer.groups : weight[0];
  layer.inputs = transposed ? weight[0] : weight[1] * layer.groups;
  return true;
}

}  // namespace

std::int64_t LinearLayer::InOf(std::int64_t element) const {
  const std::int64_t first = element / (second * taps), rest = element / taps % second;
  if (layout == Layout::kInOut) return first;
  return first / (outputs / groups) * second + rest;
}

std::int64_t LinearLayer::OutOf(std::int64_t element) const {
  const std::int64_t first = element / (second * taps), rest = element / taps % second;
  if (layout == Layout::kOutIn) return first;
  return first / (inputs / groups) * second + rest;
}

std::optional<LinearLayer> FindLinearLayer(const Graph& graph, const InferredTypes& types,
                                           std::size_t index) {
  const Node& node = graph.nodes[index];
  if (node.op->role != OpRole::kCompute || node.op->weight_input != 1) return std::nullopt;
  const Tensor* weight = FloatConstant(graph, node, 1);
  if (weight == nullptr || types.Constant(graph, node.inputs[0]) != nullptr) return std::nullopt;
  LinearLayer layer;
  layer.node = index;
  layer.input = node.inputs[0];
  layer.weight = node.inputs[1];
  layer.output = node.outputs[0];
  const std::size_t rank = types.types[static_cast<std::size_t>(layer.input)].shape.size();
  const bool matrix = node.op->name == "Gemm" || node.op->name == "MatMul";
  const bool read = matrix ? ReadMatrix(node, weight->shape(), rank, layer)
                           : ReadConvolution(node, weight->shape(), layer);
  if (!read) return std::nullopt;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return layer;
  const Tensor* bias = FloatConstant(graph, node, 2);
  if (bias == nullptr || bias->size() != layer.outputs || bias->shape().back() != layer.outputs)
    return std::nullopt;
  layer.bias = node.inputs[2];
  return layer;
}

std::vector<LinearLayer> FindLinearLayers(const Graph& graph, const InferredTypes& types) {
  std::vector<LinearLayer> layers;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (std::optional<LinearLayer> layer = FindLinearLayer(graph, types, n))
      layers.push_back(*layer);
  }
  return layers;
}

}  // namespace bw
