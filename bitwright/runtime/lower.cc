#include "bitwright/runtime/lower.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

constexpr std::string_view kDomain = "bitwright";

// Weights as integers, and the value of one for each output channel.
struct IntegerWeights {
  Tensor integers;  // int8, the weight's shape
  std::vector<double> steps;
  std::int32_t magnitude = 0;
};

// Scales by the index of `axis`, where the output channels are.
std::optional<std::vector<double>> ChannelScales(const QTensor& weight, int axis) {
  const auto channels = static_cast<std::size_t>(weight.shape[static_cast<std::size_t>(axis)]);
  const std::vector<float>& scales = weight.params.scales;
  if (std::holds_alternative<PerTensor>(weight.spec.grain))
    return std::vector<double>(channels, static_cast<double>(scales[0]));
  const auto* channel = std::get_if<PerChannel>(&weight.spec.grain);
  if (channel == nullptr || channel->axis != axis) return std::nullopt;
  return std::vector<double>(scales.begin(), scales.end());
}

// [rows, columns] -> [columns, rows]
void Transpose(Tensor& matrix) {
  const std::int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor turned(DType::kInt8, {columns, rows});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      turned.span<std::int8_t>()[static_cast<std::size_t>(c * rows + r)] =
          matrix.span<std::int8_t>()[static_cast<std::size_t>(r * columns + c)];
    }
  }
  matrix = std::move(turned);
}

// The integers of a weight whose output channels are on `axis`; a matrix gets them in front, and
// two axes of 1 behind.
std::optional<IntegerWeights> ReadWeights(const Value& value, int axis) {
  if (!value.quantized) return std::nullopt;
  const QTensor& weight = *value.quantized;
  const FormatInfo& info = weight.spec.element.info();
  if (!weight.spec.symmetric || !info.integer_form) return std::nullopt;
  const double unit = info.integer_form->unit;
  if (info.min / unit < -128 || info.max / unit > 127) return std::nullopt;
  auto scales = ChannelScales(weight, axis);
  if (!scales) return std::nullopt;
  IntegerWeights result{Tensor(DType::kInt8, weight.shape), *std::move(scales)};
  for (double& step : result.steps) step *= unit;
  const std::vector<Code> codes = Unpack(weight.codes, weight.spec.element.bits(),
                                         static_cast<std::size_t>(ElementCount(weight.shape)));
  const std::span<std::int8_t> integers = result.integers.span<std::int8_t>();
  for (std::size_t i = 0; i < codes.size(); ++i)
    integers[i] = static_cast<std::int8_t>(weight.spec.element.Decode(codes[i]) / unit);
  result.magnitude = static_cast<std::int32_t>(std::max(-info.min, info.max) / unit);
  if (weight.shape.size() != 2) return result;
  if (axis == 1) Transpose(result.integers);
  result.integers.Reshape({result.integers.shape()[0], result.integers.shape()[1], 1, 1});
  return result;
}

// The axis of output channels of a layer that can be lowered.
std::optional<int> ChannelAxis(const Node& node, const Shape& weight) {
  const std::string_view op = node.op->name;
  if (op == "Conv" && weight.size() == 4) return 0;
  if (weight.size() != 2) return std::nullopt;
  if (op == "MatMul" && node.op->weight_input >= 0) return 1;
  const bool plain = node.attributes.Float("alpha", 1) == 1 &&
                     node.attributes.Float("beta", 1) == 1 && node.attributes.Int("transA", 0) == 0;
  if (op != "Gemm" || !plain) return std::nullopt;
  return node.attributes.Int("transB", 0) != 0 ? 0 : 1;
}

class Lowering {
 public:
  explicit Lowering(const Graph& graph) : result_{graph, {}} {}

  Lowered Run() {
    const std::size_t count = graph().nodes.size();
    std::vector<Node> nodes = std::move(graph().nodes);
    graph().nodes.clear();
    for (std::size_t i = 0; i < count; ++i) Emit(std::move(nodes[i]));
    UseBytes();
    FuseOutputs();
    RemoveDead(graph());
    const Expected<void> verified = Verify(graph());
    BW_CHECK(verified.has_value());
    return std::move(result_);
  }

 private:
  Graph& graph() { return result_.graph; }

  void Emit(Node node) {
    if (node.op->role == OpRole::kCompute) {
      const bool lowered = LowerLayer(node);
      result_.paths[node.name] = lowered ? LayerPath::kInt8 : LayerPath::kFloat32;
    }
    if (node.op->name == "FakeQuantize") grids_[node.outputs[0]] = graph().nodes.size();
    const bool keeps_grid = node.op->name == "MaxPool" || node.op->name == "Identity" ||
                            node.op->name == "Flatten" || node.op->name == "Reshape";
    const auto from = node.inputs.empty() ? grids_.end() : grids_.find(node.inputs[0]);
    if (keeps_grid && from != grids_.end()) grids_[node.outputs[0]] = from->second;
    graph().nodes.push_back(std::move(node));
    if (behind_) graph().nodes.push_back(*std::exchange(behind_, std::nullopt));
  }

  // The node as an IntegerConv of its input's bytes, if it can be one; a product of matrices as one
  // of a single position.
  bool LowerLayer(Node& node) {
    const auto source = grids_.find(node.inputs[0]);
    if (source == grids_.end() || node.inputs.size() < 2) return false;
    const Attributes rounding = graph().nodes[source->second].attributes;
    const auto grid = FindIntegerGrid(rounding);
    const Value& weight = graph().value(node.inputs[1]);
    if (!grid || !weight.quantized) return false;
    const auto axis = ChannelAxis(node, weight.quantized->shape);
    if (!axis) return false;
    const bool matrix = node.op->name != "Conv";
    if (node.op->name == "MatMul" && RankOf(node.inputs[0]) != 2) return false;
    const auto weights = ReadWeights(weight, *axis);
    const auto bias = weights ? ReadBias(node, *weights) : std::nullopt;
    if (!bias || !SumsFit(*weights, *grid)) return false;
    const std::string stem = weight.name;
    const ValueId values = matrix ? Reshaped(node.inputs[0], {0, -1, 1, 1}) : node.inputs[0];
    const ValueId bytes = Bytes(values, rounding, *grid);
    node.op = FindOp("IntegerConv", kDomain);
    node.inputs = {bytes, graph().AddConstant(stem + ".integers", weights->integers),
                   graph().AddConstant(stem + ".multiplier", Multiplier(*weights, *grid)),
                   graph().AddConstant(stem + ".added", *bias)};
    for (const char* name : {"kernel_shape", "alpha", "beta", "transA", "transB"})
      node.attributes.items.erase(name);
    node.attributes.Set("offset", static_cast<std::int64_t>(grid->offset));
    if (matrix) Flatten(node);
    return true;
  }

  // Known where the graph says it: 0 else.
  std::size_t RankOf(ValueId id) { return graph().value(id).type.shape.size(); }

  // No sum can leave 32 bits.
  static bool SumsFit(const IntegerWeights& weights, const IntegerGrid& grid) {
    const double terms = static_cast<double>(weights.integers.size()) /
                         static_cast<double>(weights.integers.shape()[0]);
    return terms * weights.magnitude * grid.magnitude <=
           static_cast<double>(std::numeric_limits<std::int32_t>::max());
  }

  // Nothing where it is no constant of one number for each channel.
  std::optional<Tensor> ReadBias(const Node& node, const IntegerWeights& weights) {
    const std::int64_t channels = weights.integers.shape()[0];
    if (node.inputs.size() < 3 || node.inputs[2] == kNoValue)
      return Tensor(DType::kFloat32, {channels});
    const auto& constant = graph().value(node.inputs[2]).constant;
    if (!constant || constant->size() != channels) return std::nullopt;
    Tensor bias = *constant;
    bias.Reshape({channels});
    return bias;
  }

  static Tensor Multiplier(const IntegerWeights& weights, const IntegerGrid& grid) {
    Tensor multiplier(DType::kFloat32, {weights.integers.shape()[0]});
    for (std::size_t c = 0; c < weights.steps.size(); ++c)
      multiplier.span<float>()[c] = static_cast<float>(grid.step() * weights.steps[c]);
    return multiplier;
  }

  // The value under another shape, by a node in front.
  ValueId Reshaped(ValueId value, const std::vector<std::int64_t>& shape) {
    const auto known = reshaped_.find(value);
    if (known != reshaped_.end()) return known->second;
    const std::string name = graph().value(value).name + ".row";
    const ValueId target = graph().AddConstant(
        name + ".shape",
        Tensor::From<std::int64_t>({static_cast<std::int64_t>(shape.size())}, shape));
    const ValueId id = graph().AddValue(name, {DType::kFloat32, {}});
    graph().nodes.push_back({name, FindOp("Reshape"), {value, target}, {id}, {}});
    return reshaped_[value] = id;
  }

  // The node's output [N, O, 1, 1] as the [N, O] that its readers know, by a node behind.
  void Flatten(Node& node) {
    const ValueId output = node.outputs[0];
    const ValueId raw = graph().AddValue(node.name + ".columns", {DType::kFloat32, {}});
    node.outputs = {raw};
    behind_ = Node{node.name + ".flatten", FindOp("Flatten"), {raw}, {output}, {}};
  }

  // The bytes of a value on the grid, made once.
  ValueId Bytes(ValueId value, const Attributes& rounding, const IntegerGrid& grid) {
    const auto known = bytes_.find(value);
    if (known != bytes_.end()) return known->second;
    const std::string name = graph().value(value).name + ".bytes";
    const ValueId id = graph().AddValue(name, {grid.dtype, {}});
    Node node{name, FindOp("ToInteger", kDomain), {value}, {id}, rounding};
    graph().nodes.push_back(std::move(node));
    return bytes_[value] = id;
  }

  // FakeQuantize whose values are wanted as bytes: the bytes come from the raw value, and the
  // values, where somebody still reads them, from the bytes.
  void UseBytes() {
    std::vector<int> producers = Producers(graph());
    for (Node& node : graph().nodes) {
      if (node.op->name != "ToInteger") continue;
      const int producer = producers[static_cast<std::size_t>(node.inputs[0])];
      Node& source = graph().nodes[static_cast<std::size_t>(producer)];
      if (source.op->name != "FakeQuantize") continue;
      const ValueId values = source.outputs[0], bytes = node.outputs[0];
      const ValueId raw = source.inputs[0];
      source.op = FindOp("ToInteger", kDomain);
      source.outputs = {bytes};
      node.op = FindOp("FromInteger", kDomain);
      node.inputs = {bytes};
      node.outputs = {values};
      source.inputs = {raw};
      producers = Producers(graph());
    }
    Reorder();
  }

  // FromInteger right behind its ToInteger, where FakeQuantize stood.
  void Reorder() {
    std::vector<Node> nodes = std::move(graph().nodes);
    graph().nodes.clear();
    std::map<ValueId, std::size_t> decoders;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].op->name == "FromInteger") decoders[nodes[i].inputs[0]] = i;
    }
    for (Node& node : nodes) {
      if (node.op->name == "FromInteger") continue;
      const ValueId output = node.outputs[0];
      graph().nodes.push_back(std::move(node));
      const auto decoder = decoders.find(output);
      if (decoder != decoders.end()) graph().nodes.push_back(std::move(nodes[decoder->second]));
    }
  }

  // IntegerConv -> [Relu or Clip] -> ToInteger becomes one IntegerConv of bytes.
  void FuseOutputs() {
    const std::vector<int> producers = Producers(graph()), uses = UseCounts(graph());
    for (Node& node : graph().nodes) {
      if (node.op->name != "ToInteger") continue;
      ValueId from = node.inputs[0];
      Attributes attributes = node.attributes;
      Node* producer = SoleProducer(from, producers, uses);
      if (producer != nullptr && ReadClip(*producer, attributes)) {
        from = producer->inputs[0];
        producer = SoleProducer(from, producers, uses);
      }
      if (producer == nullptr || producer->op->name != "IntegerConv") continue;
      if (producer->attributes.Has("spec")) continue;
      for (const auto& [name, attribute] : attributes.items)
        producer->attributes.Set(name, attribute);
      producer->outputs = {node.outputs[0]};
      node.inputs.clear();  // dead
    }
    std::erase_if(graph().nodes, [](const Node& node) {
      return node.op->name == "ToInteger" && node.inputs.empty();
    });
  }

  Node* SoleProducer(ValueId id, const std::vector<int>& producers, const std::vector<int>& uses) {
    const int producer = producers[static_cast<std::size_t>(id)];
    if (producer < 0 || uses[static_cast<std::size_t>(id)] != 1) return nullptr;
    return &graph().nodes[static_cast<std::size_t>(producer)];
  }

  // Bounds of Relu or of Clip with constant bounds, as attributes low and high.
  bool ReadClip(const Node& node, Attributes& attributes) {
    if (node.op->name == "Relu") {
      attributes.Set("low", 0.0F);
      return true;
    }
    if (node.op->name != "Clip") return false;
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      const auto& bound = graph().value(node.inputs[i]).constant;
      if (!bound || bound->dtype() != DType::kFloat32 || bound->size() != 1) return false;
      attributes.Set(i == 1 ? "low" : "high", bound->span<float>()[0]);
    }
    return true;
  }

  Lowered result_;
  std::map<ValueId, std::size_t> grids_;  // value -> index of the FakeQuantize whose grid it is on
  std::map<ValueId, ValueId> bytes_;      // value -> its bytes
  std::map<ValueId, ValueId> reshaped_;   // matrix -> the same with two axes of 1 behind
  std::optional<Node> behind_;            // to follow the node at hand
};

}  // namespace

std::string_view PathName(LayerPath path) { return path == LayerPath::kInt8 ? "int8" : "float32"; }

Lowered LowerToIntegers(const Graph& graph) { return Lowering(graph).Run(); }

}  // namespace bw
