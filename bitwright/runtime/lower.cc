#include "bitwright/runtime/lower.h"

#include <algorithm>
#include <utility>

#include "bitwright/graph/infer.h"
#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/op.h"
#include "bitwright/runtime/layer_operands.h"
#include "bitwright/runtime/pass_integers.h"

namespace bw {
namespace {

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
    PassIntegers(graph());
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
    BW_ASSIGN(const LayerConstants layer, ReadConstants(graph(), node));
    if (source == grids_.end()) return Fail("the input is not rounded");
    const bool matrix = node.op->name != "Conv";
    BW_ASSIGN(const LayerOperands operands,
              ReadOperands(Rounding(source->second), layer.weights, layer.bias));
    const ValueId values = matrix ? Reshaped(node.inputs[0], {0, -1, 1, 1}) : node.inputs[0];
    MakeIntegerConv(node, values, operands);
    if (matrix) Flatten(node);
    return operands.path;
  }

  void MakeIntegerConv(Node& node, ValueId values, const LayerOperands& layer) {
    const std::string stem = graph().value(node.inputs[1]).name;
    node.inputs = {Integers(values, layer.rounding, layer.grid),
                   graph().AddConstant(stem + ".integers", layer.weights.integers),
                   graph().AddConstant(stem + ".multiplier", Multiplier(layer)),
                   graph().AddConstant(stem + ".added", layer.bias)};
    node.op = FindOp("IntegerConv", kOwnDomain);
    for (const char* name : {"kernel_shape", "alpha", "beta", "transA", "transB"})
      node.attributes.items.erase(name);
    node.attributes.Set("offset", static_cast<std::int64_t>(layer.grid.offset));
    node.attributes.Set("input_low", static_cast<std::int64_t>(layer.grid.low));
    node.attributes.Set("input_high", static_cast<std::int64_t>(layer.grid.high));
    node.attributes.Set("input_significand",
                        static_cast<std::int64_t>(layer.grid.significand_bits));
  }

  Expected<LayerPath> LowerPieces(Node& node, const std::vector<Piece>& pieces) {
    BW_ASSIGN(const LayerConstants layer, ReadConstants(graph(), node));
    if (node.attributes.Int("group", 1) != 1) return Fail("the input is not rounded as a whole");
    std::vector<LayerOperands> parts;
    std::int64_t first = 0;
    for (const Piece& piece : pieces) {
      const Tensor none(DType::kFloat32, layer.bias.shape());
      BW_ASSIGN(LayerOperands part,
                ReadOperands(Rounding(piece.grid), layer.weights.Inputs(first, piece.channels),
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

  ValueId AddPart(const Node& node, ValueId values, const LayerOperands& layer, std::size_t index) {
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

  // `grid`: as in grids_.
  const Attributes& Rounding(std::size_t grid) { return graph().nodes[grid].attributes; }

  const Shape& ShapeOf(ValueId id) const {
    static const Shape kUnknown;
    const auto i = static_cast<std::size_t>(id);
    return i < types_.size() ? types_[i].shape : kUnknown;
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
    pool.op = FindOp("MaxPoolLast", kOwnDomain);
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
    Node node{name, FindOp("ToInteger", kOwnDomain), {value}, {id}, rounding};
    graph().nodes.push_back(std::move(node));
    return integers_[value] = id;
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
