// y = gamma * (W x + b - mean) / sqrt(var + eps) + beta  ==  (W * f) x + ((b - mean) * f + beta), f
// = gamma / sqrt(...).

#include <cmath>

#include "bitwright/graph/op.h"
#include "bitwright/quant/pass.h"

namespace bw::passes {
namespace {

const Tensor* ConstantOf(const Graph& graph, const Node& node, std::size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return nullptr;
  const Value& value = graph.value(node.inputs[input]);
  return value.constant ? &*value.constant : nullptr;
}

// By channel: y = factor * x + offset, in double.
struct Affine {
  std::vector<double> factor, offset;
};

std::optional<Affine> AffineOf(const Graph& graph, const Node& norm) {
  const Tensor* parameters[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parameters[i] = ConstantOf(graph, norm, i + 1);
    if (parameters[i] == nullptr || parameters[i]->dtype() != DType::kFloat32) return std::nullopt;
  }
  const double epsilon = norm.attributes.Float("epsilon", 1e-5F);
  Affine affine;
  for (std::int64_t c = 0; c < parameters[0]->size(); ++c) {
    const auto at = [&](int i) {
      return static_cast<double>(parameters[i]->span<float>()[static_cast<std::size_t>(c)]);
    };
    affine.factor.push_back(at(0) / std::sqrt(at(3) + epsilon));
    affine.offset.push_back(at(1) - at(2) * affine.factor.back());
  }
  return affine;
}

// Scales the weight along its output channels; false when the layout has no plain output-channel
// axis.
bool ScaleWeight(const Node& layer, Tensor& weight, const std::vector<double>& factor) {
  const bool transposed = layer.op->name == "ConvTranspose";
  if (transposed && layer.attributes.Int("group", 1) != 1) return false;
  const auto axis = static_cast<std::size_t>(layer.op->weight_axes(layer, weight.shape()).channel);
  if (weight.shape()[axis] != static_cast<std::int64_t>(factor.size())) return false;
  std::size_t inner = 1;
  for (std::size_t d = axis + 1; d < weight.shape().size(); ++d)
    inner *= static_cast<std::size_t>(weight.shape()[d]);
  const std::span<float> elements = weight.span<float>();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i] = static_cast<float>(elements[i] * factor[i / inner % factor.size()]);
  }
  return true;
}

// One element for each channel: [channels] or [1, channels], but not a column of as many rows.
bool IsByChannel(const Shape& bias, std::int64_t channels) {
  return !bias.empty() && bias.back() == channels && ElementCount(bias) == channels;
}

// "conv1.weight" -> "conv1.bias"
std::string BiasName(const std::string& weight) {
  constexpr std::string_view kEnd = ".weight";
  const bool cut = weight.ends_with(kEnd);
  return weight.substr(0, weight.size() - (cut ? kEnd.size() : 0)) + ".bias";
}

bool Fold(Graph& graph, Node& layer, const Affine& affine) {
  if (layer.op->name == "MatMul") return false;  // it has no bias to take the offset
  const Tensor* weight = ConstantOf(graph, layer, static_cast<std::size_t>(layer.op->weight_input));
  if (weight == nullptr || weight->dtype() != DType::kFloat32) return false;
  const double beta = layer.op->name == "Gemm" ? layer.attributes.Float("beta", 1.0F) : 1.0;
  const Tensor* old_bias = ConstantOf(graph, layer, 2);
  const bool has_bias = layer.inputs.size() > 2 && layer.inputs[2] != kNoValue;
  const auto channels = static_cast<std::int64_t>(affine.factor.size());
  if (has_bias && (old_bias == nullptr || !IsByChannel(old_bias->shape(), channels))) return false;
  Tensor scaled = *weight;
  if (!ScaleWeight(layer, scaled, affine.factor)) return false;
  Tensor bias(DType::kFloat32, {channels});
  for (std::size_t c = 0; c < affine.factor.size(); ++c) {
    const double old = has_bias ? beta * static_cast<double>(old_bias->span<float>()[c]) : 0.0;
    bias.span<float>()[c] = static_cast<float>(old * affine.factor[c] + affine.offset[c]);
  }
  if (layer.op->name == "Gemm") layer.attributes.Set("beta", 1.0F);
  ValueId& weight_id = layer.inputs[static_cast<std::size_t>(layer.op->weight_input)];
  const std::string stem = graph.value(weight_id).name;
  graph.value(weight_id).name += ".unfolded";  // the folded weight keeps the name that users know
  weight_id = graph.AddConstant(stem, std::move(scaled));
  layer.inputs.resize(3, kNoValue);
  layer.inputs[2] = graph.AddConstant(BiasName(stem), std::move(bias));
  return true;
}

Expected<bool> Run(Graph& graph) {
  bool changed = false;
  const std::vector<int> producers = Producers(graph);
  const std::vector<int> uses = UseCounts(graph);
  for (Node& norm : graph.nodes) {
    if (norm.op->name != "BatchNormalization") continue;
    const ValueId input = norm.inputs[0];
    const int producer = producers[static_cast<std::size_t>(input)];
    if (producer < 0 || uses[static_cast<std::size_t>(input)] != 1) continue;
    Node& layer = graph.nodes[static_cast<std::size_t>(producer)];
    const std::optional<Affine> affine = AffineOf(graph, norm);
    if (layer.op->role != OpRole::kCompute || !affine || !Fold(graph, layer, *affine)) continue;
    ReplaceUses(graph, norm.outputs[0], layer.outputs[0]);
    changed = true;
  }
  if (changed) RemoveDead(graph);
  return changed;
}

}  // namespace

BW_ENTRY(Pass, fold_batch_norm) = {
    "fold-batch-norm", "folds BatchNormalization into the Conv, ConvTranspose or Gemm before it",
    Run};

}  // namespace bw::passes
