#include "bitwright/runtime/lower.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

// Scales by output channel of a weight [O, ...].
std::optional<std::vector<double>> ChannelScales(const QTensor& weight) {
  const auto channels = static_cast<std::size_t>(weight.shape[0]);
  const std::vector<float>& scales = weight.params.scales;
  if (std::holds_alternative<PerTensor>(weight.spec.grain))
    return std::vector<double>(channels, static_cast<double>(scales[0]));
  const auto* channel = std::get_if<PerChannel>(&weight.spec.grain);
  if (channel == nullptr || channel->axis != 0) return std::nullopt;
  return std::vector<double>(scales.begin(), scales.end());
}

std::optional<IntegerWeights> ReadWeights(const Value& value) {
  if (!value.quantized || value.quantized->shape.size() != 4) return std::nullopt;
  const QTensor& weight = *value.quantized;
  const FormatInfo& info = weight.spec.element.info();
  if (!weight.spec.symmetric || !info.integer_form) return std::nullopt;
  const double unit = info.integer_form->unit;
  if (info.min / unit < -128 || info.max / unit > 127) return std::nullopt;
  auto scales = ChannelScales(weight);
  if (!scales) return std::nullopt;
  IntegerWeights result{Tensor(DType::kInt8, weight.shape), *std::move(scales)};
  for (double& step : result.steps) step *= unit;
  const std::vector<Code> codes = Unpack(weight.codes, weight.spec.element.bits(),
                                         static_cast<std::size_t>(ElementCount(weight.shape)));
  const std::span<std::int8_t> integers = result.integers.span<std::int8_t>();
  for (std::size_t i = 0; i < codes.size(); ++i)
    integers[i] = static_cast<std::int8_t>(weight.spec.element.Decode(codes[i]) / unit);
  result.magnitude = static_cast<std::int32_t>(std::max(-info.min, info.max) / unit);
  return result;
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
      const bool lowered = LowerConv(node);
      result_.paths[node.name] = lowered ? LayerPath::kInt8 : LayerPath::kFloat32;
    }
    if (node.op->name == "FakeQuantize") grids_[node.outputs[0]] = graph().nodes.size();
    const bool keeps_grid = node.op->name == "MaxPool" || node.op->name == "Identity";
    const auto from = node.inputs.empty() ? grids_.end() : grids_.find(node.inputs[0]);
    if (keeps_grid && from != grids_.end()) grids_[node.outputs[0]] = from->second;
    graph().nodes.push_back(std::move(node));
  }

  // The node as an IntegerConv of its input's bytes, if it can be one.
  bool LowerConv(Node& node) {
    if (node.op->name != "Conv") return false;
    const auto source = grids_.find(node.inputs[0]);
    if (source == grids_.end()) return false;
    const Attributes rounding = graph().nodes[source->second].attributes;
    const auto grid = FindIntegerGrid(rounding);
    const auto weights = ReadWeights(graph().value(node.inputs[1]));
    if (!grid || !weights) return false;
    const auto channels = static_cast<std::size_t>(weights->integers.shape()[0]);
    const double terms =
        static_cast<double>(weights->integers.size()) / static_cast<double>(channels);
    const double most = terms * weights->magnitude * grid->magnitude;
    if (most > static_cast<double>(std::numeric_limits<std::int32_t>::max())) return false;
    Tensor bias(DType::kFloat32, {static_cast<std::int64_t>(channels)});
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
      const auto& constant = graph().value(node.inputs[2]).constant;
      if (!constant) return false;
      bias = *constant;
    }
    Tensor multiplier(DType::kFloat32, {static_cast<std::int64_t>(channels)});
    for (std::size_t c = 0; c < channels; ++c)
      multiplier.span<float>()[c] = static_cast<float>(grid->step() * weights->steps[c]);
    const std::string stem = graph().value(node.inputs[1]).name;
    const ValueId bytes = Bytes(node.inputs[0], rounding, *grid);
    node.op = FindOp("IntegerConv", kDomain);
    node.inputs = {bytes, graph().AddConstant(stem + ".integers", weights->integers),
                   graph().AddConstant(stem + ".multiplier", std::move(multiplier)),
                   graph().AddConstant(stem + ".added", std::move(bias))};
    node.attributes.items.erase("kernel_shape");
    node.attributes.Set("offset", static_cast<std::int64_t>(grid->offset));
    return true;
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
};

}  // namespace

std::string_view PathName(LayerPath path) { return path == LayerPath::kInt8 ? "int8" : "float32"; }

Lowered LowerToIntegers(const Graph& graph) { return Lowering(graph).Run(); }

}  // namespace bw
