#include "bitwright/graph/infer.h"

#include <algorithm>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

std::string NodeText(const Node& node) {
  return fmt::format("node '{}' ({})", node.name, node.op->name);
}

// Types and known values of a node's inputs, gathered for its rule and its reference.
struct NodeInputs {
  std::vector<TensorType> types;
  std::vector<const Tensor*> constants;
};

NodeInputs Gather(const Graph& graph, const Node& node, const InferredTypes& inferred) {
  NodeInputs inputs;
  for (const ValueId id : node.inputs) {
    const bool absent = id == kNoValue;
    inputs.types.push_back(absent ? TensorType{} : inferred.types[static_cast<std::size_t>(id)]);
    inputs.constants.push_back(absent ? nullptr : inferred.Constant(graph, id));
  }
  return inputs;
}

Expected<std::vector<TensorType>> NodeTypes(const Node& node, const NodeInputs& inputs,
                                            bool* follows_data = nullptr) {
  auto types = node.op->infer({node, inputs.types, inputs.constants, follows_data});
  if (!types) return Context(NodeText(node), std::move(types).error());
  BW_CHECK(types->size() == node.outputs.size());
  for (std::size_t i = 0; i < types->size(); ++i) {
    if (auto ok = ops::CheckExtents((*types)[i].shape, fmt::format("output {}", i)); !ok) {
      return Context(NodeText(node), std::move(ok).error());
    }
  }
  return types;
}

// The node's inputs are all known (or need not be).
bool CanEvaluate(const Node& node, const NodeInputs& inputs) {
  if (node.op->reference == nullptr) return false;
  if (node.op->from_types) return true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] != kNoValue && inputs.constants[i] == nullptr) return false;
  }
  return true;
}

std::vector<Tensor> Evaluate(const Node& node, const NodeInputs& inputs,
                             const std::vector<TensorType>& types) {
  std::vector<ConstTensorRef> refs;
  for (std::size_t i = 0; i < inputs.types.size(); ++i) {
    const Tensor* constant = inputs.constants[i];
    refs.push_back(constant != nullptr
                       ? ConstTensorRef(*constant)
                       : ConstTensorRef{inputs.types[i].dtype, inputs.types[i].shape, nullptr});
  }
  std::vector<Tensor> outputs;
  for (const TensorType& type : types) outputs.emplace_back(type.dtype, type.shape);
  std::vector<TensorRef> output_refs(outputs.begin(), outputs.end());
  node.op->reference(node, refs, output_refs);
  return outputs;
}

bool AllWithin(const std::vector<TensorType>& types, std::int64_t floats, std::int64_t integers) {
  return std::all_of(types.begin(), types.end(), [&](const TensorType& type) {
    return ElementCount(type.shape) <= (type.dtype == DType::kFloat32 ? floats : integers);
  });
}

bool ReadsOpen(const Node& node, const InferredTypes& inferred) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return id != kNoValue && inferred.open[static_cast<std::size_t>(id)] != 0;
  });
}

void LeaveOpen(const Node& node, InferredTypes& inferred) {
  for (const ValueId id : node.outputs) {
    if (id != kNoValue) inferred.open[static_cast<std::size_t>(id)] = 1;
  }
}

Expected<void> InferNode(const Graph& graph, const Node& node, Open open, InferredTypes& inferred) {
  constexpr std::int64_t kKnownFloats = 1024, kKnownIntegers = 1 << 20;
  if (ReadsOpen(node, inferred)) {
    LeaveOpen(node, inferred);
    return {};
  }
  const NodeInputs inputs = Gather(graph, node, inferred);
  bool follows_data = false;
  auto inferred_types = NodeTypes(node, inputs, &follows_data);
  if (!inferred_types && follows_data && open == Open::kLeave) {
    LeaveOpen(node, inferred);
    return {};
  }
  BW_ASSIGN(std::vector<TensorType> types, std::move(inferred_types));
  if (CanEvaluate(node, inputs) && AllWithin(types, kKnownFloats, kKnownIntegers)) {
    std::vector<Tensor> outputs = Evaluate(node, inputs, types);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) inferred.known[node.outputs[i]] = std::move(outputs[i]);
    }
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    inferred.types[static_cast<std::size_t>(node.outputs[i])] = std::move(types[i]);
  }
  return {};
}

}  // namespace

const Tensor* InferredTypes::Constant(const Graph& graph, ValueId id) const {
  const Value& value = graph.value(id);
  if (value.constant) return &*value.constant;
  const auto found = known.find(id);
  return found == known.end() ? nullptr : &found->second;
}

Expected<InferredTypes> InferTypes(const Graph& graph, const std::vector<Shape>& input_shapes,
                                   Open open) {
  if (input_shapes.size() != graph.inputs.size()) {
    return Fail("there are {} input shapes but the network has {} inputs", input_shapes.size(),
                graph.inputs.size());
  }
  InferredTypes inferred;
  inferred.open.resize(graph.values.size(), 0);
  for (const Value& value : graph.values) {
    inferred.types.push_back(value.constant ? value.constant->type() : value.type);
  }
  for (std::size_t i = 0; i < input_shapes.size(); ++i) {
    const Value& value = graph.value(graph.inputs[i]);
    BW_TRY(ops::CheckExtents(input_shapes[i], fmt::format("input '{}'", value.name)));
    inferred.types[static_cast<std::size_t>(graph.inputs[i])].shape = input_shapes[i];
  }
  for (const Node& node : graph.nodes) BW_TRY(InferNode(graph, node, open, inferred));
  return inferred;
}

namespace {

// Declared shapes, an unknown leading extent replaced by `batch`.
Expected<std::vector<Shape>> DeclaredShapes(const Graph& graph, std::int64_t batch) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    Shape shape = graph.value(id).type.shape;
    if (!shape.empty() && shape[0] < 0) shape[0] = batch;
    if (std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 0; })) {
      return Fail("input '{}': its declared shape is {}, only the first extent may be unknown",
                  graph.value(id).name, ShapeText(graph.value(id).type.shape));
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

// Whether every value computed from data has its leading extent multiplied by to/from: otherwise
// samples would be mixed by a Reshape to a fixed leading extent.
bool ScalesWithBatch(const Graph& graph, const InferredTypes& before, const InferredTypes& after,
                     std::int64_t from, std::int64_t to) {
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs) {
      if (id == kNoValue || before.known.contains(id)) continue;
      const Shape& a = before.types[static_cast<std::size_t>(id)].shape;
      const Shape& b = after.types[static_cast<std::size_t>(id)].shape;
      if (a.empty() || a.size() != b.size() || a[0] * to != b[0] * from) return false;
    }
  }
  return true;
}

// The declared shapes with another leading extent, when all agree on theirs and the graph allows
// it.
std::vector<Shape> Rebatched(const Graph& graph, const std::vector<Shape>& declared,
                             std::int64_t batch) {
  std::vector<Shape> shapes = declared;
  for (Shape& shape : shapes) {
    if (shape.empty() || shape[0] != declared[0][0]) return declared;
    shape[0] = batch;
  }
  const auto before = InferTypes(graph, declared);
  const auto after = InferTypes(graph, shapes);
  const bool allowed =
      before && after && ScalesWithBatch(graph, *before, *after, declared[0][0], batch);
  return allowed ? shapes : declared;
}

// Identity or Dropout whose output can be its input: the name of a graph output must survive.
bool Bypass(Graph& graph, const Node& node, const std::vector<int>& producers) {
  if (!node.op->domain.empty() || (node.op->name != "Identity" && node.op->name != "Dropout")) {
    return false;
  }
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue) return false;  // a mask is read
  const ValueId from = node.outputs[0], to = node.inputs[0];
  if (from == kNoValue) return false;
  const auto is_output = [&](ValueId id) {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
  };
  if (is_output(from)) {
    if (producers[static_cast<std::size_t>(to)] < 0 || is_output(to)) return false;
    std::swap(graph.value(from).name, graph.value(to).name);
  }
  ReplaceUses(graph, from, to);
  return true;
}

bool AllConstant(const Graph& graph, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return id == kNoValue || graph.value(id).constant.has_value();
  });
}

// Types of a node whose inputs are constants.
NodeInputs ConstantInputs(const Graph& graph, const Node& node) {
  NodeInputs inputs;
  for (const ValueId id : node.inputs) {
    const Tensor* constant = id == kNoValue ? nullptr : &*graph.value(id).constant;
    inputs.types.push_back(constant == nullptr ? TensorType{} : constant->type());
    inputs.constants.push_back(constant);
  }
  return inputs;
}

// Gives the node's outputs their constant values; false when they are too large to be worth it.
Expected<bool> FoldNode(Graph& graph, const Node& node) {
  constexpr std::int64_t kFoldLimit = std::int64_t{1} << 27;
  const NodeInputs inputs = ConstantInputs(graph, node);
  BW_ASSIGN(const std::vector<TensorType> types, NodeTypes(node, inputs));
  if (!AllWithin(types, kFoldLimit, kFoldLimit)) return false;
  std::vector<Tensor> outputs = Evaluate(node, inputs, types);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Value& value = graph.value(node.outputs[i]);
    value.type = outputs[i].type();
    value.constant = std::move(outputs[i]);
  }
  return true;
}

}  // namespace

Expected<std::vector<Shape>> InputShapes(const Graph& graph, std::int64_t batch) {
  BW_ASSIGN(const std::vector<Shape> declared,
            DeclaredShapes(graph, std::max<std::int64_t>(batch, 1)));
  if (batch <= 0 || declared.empty() || declared[0].empty() || declared[0][0] == batch) {
    return declared;
  }
  return Rebatched(graph, declared, batch);
}

Expected<void> FoldConstants(Graph& graph) {
  const std::vector<int> producers = Producers(graph), uses = UseCounts(graph);
  std::vector<char> folded(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node node = graph.nodes[n];
    for (ValueId& id : node.outputs) {
      if (id != kNoValue && uses[static_cast<std::size_t>(id)] == 0) id = kNoValue;
    }
    if (node.op->reference != nullptr && AllConstant(graph, node)) {
      BW_ASSIGN(const bool done, FoldNode(graph, node));
      folded[n] = done ? 1 : 0;
    } else {
      folded[n] = Bypass(graph, node, producers) ? 1 : 0;
    }
  }
  std::vector<Node> kept;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (folded[n] == 0) kept.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(kept);
  RemoveDead(graph);
  return {};
}

}  // namespace bw
