#include "bitwright/runtime/lower.h"

#include <algorithm>
#include <utility>

#include "bitwright/graph/infer.h"
#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

constexpr std::string_view kDomain = "bitwright";

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

class Lowering {
 public:
  explicit Lowering(const Graph& graph) : result_{graph, {}} {
    const auto shapes = InputShapes(graph, 2);
    auto types = shapes ? InferTypes(graph, *shapes) : Expected<InferredTypes>(Fail("open"));
    if (types) types_ = std::move(types->types);
  }

  Lowered Run() {
    const std::size_t count = graph().nodes.size();
    std::vector<Node> nodes = std::move(graph().nodes);
    graph().nodes.clear();
    for (std::size_t i = 0; i < count; ++i) Emit(std::move(nodes[i]));
    UseIntegers();
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
      LayerArithmetic& layer = result_.layers[node.name];
      const Expected<LayerPath> path = LowerLayer(node);
      layer = path ? LayerArithmetic{*path, {}}
                   : LayerArithmetic{LayerPath::kFloat32, path.error().message};
    }
    if (node.op->name == "FakeQuantize") grids_[node.outputs[0]] = graph().nodes.size();
    const bool keeps_grid = node.op->name == "MaxPool" || node.op->name == "Identity" ||
                            node.op->name == "Flatten" || node.op->name == "Reshape";
    const auto from = node.inputs.empty() ? grids_.end() : grids_.find(node.inputs[0]);
    if (keeps_grid && from != grids_.end()) grids_[node.outputs[0]] = from->second;
    KeepPieces(node);
    graph().nodes.push_back(std::move(node));
    if (behind_) graph().nodes.push_back(*std::exchange(behind_, std::nullopt));
  }

  // What a layer multiplies.
  struct Operands {
    Attributes rounding;  // of the input
    IntegerGrid grid;
    IntegerWeights weights;
    Tensor bias;
    LayerPath path;
  };

  // A part of the channels of a Concat with its own rounding.
  struct Piece {
    ValueId value;
    std::size_t grid;  // as in grids_
    std::int64_t channels;
  };

  // The pieces of a Concat of rounded values; a MaxPool of it is made of a MaxPool of each.
  void KeepPieces(const Node& node) {
    if (node.op->name == "Concat" && node.attributes.Int("axis", 0) == 1) {
      std::vector<Piece> pieces;
      for (const ValueId id : node.inputs) {
        const auto grid = grids_.find(id);
        if (grid == grids_.end() || ShapeOf(id).size() != 4) return;
        pieces.push_back({id, grid->second, ShapeOf(id)[1]});
      }
      if (pieces.size() > 1) pieces_[node.outputs[0]] = std::move(pieces);
    }
    if (node.op->name != "MaxPool" || node.outputs.size() != 1) return;
    const auto from = pieces_.find(node.inputs[0]);
    if (from == pieces_.end()) return;
    std::vector<Piece> pieces = from->second;
    for (Piece& piece : pieces) {
      const std::string name = graph().value(piece.value).name + "." + node.name;
      const ValueId pooled = graph().AddValue(name, {DType::kFloat32, {}});
      graph().nodes.push_back({name, node.op, {piece.value}, {pooled}, node.attributes});
      piece.value = pooled;
    }
    pieces_[node.outputs[0]] = std::move(pieces);
  }

  // The node as an IntegerConv of its input's integers, if it can be one; a product of matrices as
  // one of a single position. Behind a Concat of several roundings it becomes the sum of one for
  // each.
  Expected<LayerPath> LowerLayer(Node& node) {
    const auto pieces = pieces_.find(node.inputs[0]);
    if (node.op->name == "Conv" && pieces != pieces_.end())
      return LowerPieces(node, pieces->second);
    const auto source = grids_.find(node.inputs[0]);
    BW_ASSIGN(const LayerConstants layer, ReadConstants(node));
    if (source == grids_.end()) return Fail("the input is not rounded");
    const bool matrix = node.op->name != "Conv";
    BW_ASSIGN(const Operands operands, ReadOperands(source->second, layer.weights, layer.bias));
    const ValueId values = matrix ? Reshaped(node.inputs[0], {0, -1, 1, 1}) : node.inputs[0];
    MakeIntegerConv(node, values, operands);
    if (matrix) Flatten(node);
    return operands.path;
  }

  void MakeIntegerConv(Node& node, ValueId values, const Operands& layer) {
    const std::string stem = graph().value(node.inputs[1]).name;
    node.inputs = {Integers(values, layer.rounding, layer.grid),
                   graph().AddConstant(stem + ".integers", layer.weights.integers),
                   graph().AddConstant(stem + ".multiplier", Multiplier(layer)),
                   graph().AddConstant(stem + ".added", layer.bias)};
    node.op = FindOp("IntegerConv", kDomain);
    for (const char* name : {"kernel_shape", "alpha", "beta", "transA", "transB"})
      node.attributes.items.erase(name);
    node.attributes.Set("offset", static_cast<std::int64_t>(layer.grid.offset));
    node.attributes.Set("input_low", static_cast<std::int64_t>(layer.grid.low));
    node.attributes.Set("input_high", static_cast<std::int64_t>(layer.grid.high));
    node.attributes.Set("input_significand",
                        static_cast<std::int64_t>(layer.grid.significand_bits));
  }

  Expected<LayerPath> LowerPieces(Node& node, const std::vector<Piece>& pieces) {
    BW_ASSIGN(const LayerConstants layer, ReadConstants(node));
    if (node.attributes.Int("group", 1) != 1) return Fail("the input is not rounded as a whole");
    std::vector<Operands> parts;
    std::int64_t first = 0;
    for (const Piece& piece : pieces) {
      const Tensor none(DType::kFloat32, layer.bias.shape());
      BW_ASSIGN(Operands part, ReadOperands(piece.grid, layer.weights.Inputs(first, piece.channels),
                                            first == 0 ? layer.bias : none));
      parts.push_back(std::move(part));
      first += piece.channels;
    }
    LayerPath path = LayerPath::kInt8;
    ValueId sum = kNoValue;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      path = std::max(path, parts[i].path);
      const ValueId part = AddPart(node, pieces[i].value, parts[i], i);
      sum = sum == kNoValue ? part : AddSum(node, sum, part, i + 1 == parts.size());
    }
    node = std::move(graph().nodes.back());
    graph().nodes.pop_back();
    return path;
  }

  ValueId AddPart(const Node& node, ValueId values, const Operands& layer, std::size_t index) {
    Node part = node;
    if (index > 0) part.name += fmt::format(".{}", index);
    const ValueId result =
        graph().AddValue(fmt::format("{}.part{}", node.name, index), {DType::kFloat32, {}});
    part.outputs = {result};
    MakeIntegerConv(part, values, layer);
    graph().nodes.push_back(std::move(part));
    return result;
  }

  // The last sum is the layer's own output.
  ValueId AddSum(const Node& node, ValueId sum, ValueId part, bool last) {
    const std::string name = graph().value(part).name + ".sum";
    const ValueId result = last ? node.outputs[0] : graph().AddValue(name, {DType::kFloat32, {}});
    graph().nodes.push_back({name, FindOp("Add"), {sum, part}, {result}, {}});
    return result;
  }

  struct LayerConstants {
    IntegerWeights weights;
    Tensor bias;
  };

  Expected<LayerConstants> ReadConstants(const Node& node) {
    const Value* weight = node.inputs.size() < 2 ? nullptr : &graph().value(node.inputs[1]);
    if (weight == nullptr || !weight->quantized) return Fail("weights are not quantized");
    BW_ASSIGN(const int axis, ChannelAxis(node, weight->quantized->shape));
    if (node.op->name == "MatMul" && RankOf(node.inputs[0]) != 2)
      return Fail("MatMul of {} axes has no integer form", RankOf(node.inputs[0]));
    BW_ASSIGN(IntegerWeights weights, ReadWeights(*weight->quantized, axis));
    BW_ASSIGN(Tensor bias, ReadBias(node, weights));
    return LayerConstants{std::move(weights), std::move(bias)};
  }

  // `grid`: as in grids_.
  Expected<Operands> ReadOperands(std::size_t grid, const IntegerWeights& weights,
                                  const Tensor& bias) {
    const Attributes& rounding = graph().nodes[grid].attributes;
    const auto found = FindIntegerGrid(rounding);
    if (!found) {
      return Fail("inputs of {} are no integers of at most 20 bits of one unit",
                  rounding.String("spec", ""));
    }
    BW_ASSIGN(const LayerPath path, ExactPath(*found, weights));
    return Operands{rounding, *found, weights, bias, path};
  }

  const Shape& ShapeOf(ValueId id) const {
    static const Shape kUnknown;
    const auto i = static_cast<std::size_t>(id);
    return i < types_.size() ? types_[i].shape : kUnknown;
  }

  // Known where the graph says it: 0 else.
  std::size_t RankOf(ValueId id) { return graph().value(id).type.shape.size(); }

  Expected<Tensor> ReadBias(const Node& node, const IntegerWeights& weights) {
    const std::int64_t channels = weights.integers.shape()[0];
    if (node.inputs.size() < 3 || node.inputs[2] == kNoValue)
      return Tensor(DType::kFloat32, {channels});
    const auto& constant = graph().value(node.inputs[2]).constant;
    if (!constant || constant->size() != channels)
      return Fail("the bias is no constant of {} numbers", channels);
    Tensor bias = *constant;
    bias.Reshape({channels});
    return bias;
  }

  static Tensor Multiplier(const Operands& layer) {
    const std::vector<double>& steps = layer.weights.steps;
    Tensor multiplier(DType::kFloat32, {static_cast<std::int64_t>(steps.size())});
    for (std::size_t c = 0; c < steps.size(); ++c)
      multiplier.span<float>()[c] = static_cast<float>(layer.grid.step() * steps[c]);
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

  // The bytes of a MaxPool's values are the MaxPool of bytes.
  std::optional<ValueId> PooledIntegers(ValueId value, const Attributes& rounding,
                                        const IntegerGrid& grid) {
    const auto& nodes = graph().nodes;
    const auto maker = std::find_if(nodes.rbegin(), nodes.rend(), [&](const Node& node) {
      return !node.outputs.empty() && node.outputs[0] == value;
    });
    if (maker == nodes.rend() || maker->op->name != "MaxPool" || maker->outputs.size() != 1 ||
        ShapeOf(maker->inputs[0]).size() != 4) {
      return std::nullopt;
    }
    Node pool = *maker;
    const std::string name = graph().value(value).name + ".integers";
    pool.name = name;
    pool.op = FindOp("MaxPoolLast", kDomain);
    pool.inputs = {Integers(pool.inputs[0], rounding, grid)};
    pool.outputs = {graph().AddValue(name, {grid.dtype, {}})};
    graph().nodes.push_back(pool);
    return integers_[value] = pool.outputs[0];
  }

  // The integers of a value on the grid, made once.
  ValueId Integers(ValueId value, const Attributes& rounding, const IntegerGrid& grid) {
    const auto known = integers_.find(value);
    if (known != integers_.end()) return known->second;
    if (grid.dtype != DType::kInt32) {
      if (const auto pooled = PooledIntegers(value, rounding, grid)) return *pooled;
    }
    const std::string name = graph().value(value).name + ".integers";
    const ValueId id = graph().AddValue(name, {grid.dtype, {}});
    Node node{name, FindOp("ToInteger", kDomain), {value}, {id}, rounding};
    graph().nodes.push_back(std::move(node));
    return integers_[value] = id;
  }

  // FakeQuantize whose values are wanted as integers: these come from the raw value, and the
  // values, where somebody still reads them, from the integers.
  void UseIntegers() {
    std::vector<int> producers = Producers(graph());
    for (std::size_t n = 0; n < graph().nodes.size(); ++n) {
      Node& node = graph().nodes[n];
      if (node.op->name != "ToInteger") continue;
      const int producer = producers[static_cast<std::size_t>(node.inputs[0])];
      Node& source = graph().nodes[static_cast<std::size_t>(producer)];
      if (source.op->name != "FakeQuantize") continue;
      const ValueId values = source.outputs[0], integers = node.outputs[0];
      source.op = FindOp("ToInteger", kDomain);
      source.outputs = {integers};
      node.op = FindOp("FromInteger", kDomain);
      node.inputs = {integers};
      node.outputs = {values};
      producers[static_cast<std::size_t>(integers)] = producer;
      producers[static_cast<std::size_t>(values)] = static_cast<int>(n);
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

  // IntegerConv -> [Relu or Clip] -> ToInteger becomes one IntegerConv of integers.
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
  std::vector<TensorType> types_;  // of the graph as it was; empty where they are not known
  std::map<ValueId, std::vector<Piece>> pieces_;
  std::map<ValueId, std::size_t> grids_;  // value -> index of the FakeQuantize whose grid it is on
  std::map<ValueId, ValueId> integers_;   // value -> its integers
  std::map<ValueId, ValueId> reshaped_;   // matrix -> the same with two axes of 1 behind
  std::optional<Node> behind_;            // to follow the node at hand
};

}  // namespace

Lowered LowerToIntegers(const Graph& graph) { return Lowering(graph).Run(); }

}  // namespace bw
