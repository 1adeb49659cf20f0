#include "bitwright/quant/targets.h"

#include <algorithm>

#include "bitwright/graph/infer.h"

namespace bw {
namespace {

// Facts about one graph that the rules below ask for.
class Finder {
 public:
  Finder(const Graph& graph, const InferredTypes& types)
      : graph_(graph), types_(types), producers_(Producers(graph)), uses_(UseCounts(graph)) {
    readers_.resize(graph.values.size());
    for (const Node& node : graph.nodes) {
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) readers_[Index(id)].push_back(&node);
      }
    }
    is_output_.resize(graph.values.size(), 0);
    for (const ValueId id : graph.outputs) is_output_[Index(id)] = 1;
  }

  bool IsData(ValueId id) const {
    return id != kNoValue && types_.Constant(graph_, id) == nullptr &&
           Type(id).dtype == DType::kFloat32;
  }

  // Kept in memory between layers.
  bool IsStored(ValueId id) const {
    if (!IsData(id)) return false;
    const int producer = producers_[Index(id)];
    if (producer >= 0 && graph_.nodes[Index(producer)].op->role == OpRole::kMovement)
      return is_output_[Index(id)] != 0;
    return is_output_[Index(id)] != 0 || !IsConsumedInPlace(id);
  }

  // Reaches the outputs through nothing but element-wise ops, movement and Softmax.
  bool IsResult(ValueId id) const {
    if (is_output_[Index(id)] != 0) return true;
    return std::all_of(
        readers_[Index(id)].begin(), readers_[Index(id)].end(), [&](const Node* node) {
          const bool plain = node->op->role == OpRole::kElementwise ||
                             node->op->role == OpRole::kMovement || node->op->name == "Softmax" ||
                             node->op->name == "LogSoftmax";
          return plain && std::all_of(node->outputs.begin(), node->outputs.end(), [&](ValueId out) {
                   return out == kNoValue || IsResult(out);
                 });
        });
  }

  const TensorType& Type(ValueId id) const { return types_.types[Index(id)]; }

 private:
  static std::size_t Index(std::int64_t id) { return static_cast<std::size_t>(id); }

  // The one reader is element-wise, or an Add (Sub, ...) whose operand computed last this is.
  bool IsConsumedInPlace(ValueId id) const {
    if (uses_[Index(id)] != 1 || producers_[Index(id)] < 0) return false;
    const Node& reader = *readers_[Index(id)].front();
    if (reader.op->role == OpRole::kElementwise || reader.op->name == "BatchNormalization")
      return reader.inputs[0] == id;
    if (reader.op->role != OpRole::kBinary) return false;
    if (Type(id).shape != Type(reader.outputs[0]).shape) return false;
    return std::none_of(reader.inputs.begin(), reader.inputs.end(), [&](ValueId other) {
      return other != id && IsData(other) && producers_[Index(Root(other))] > producers_[Index(id)];
    });
  }

  // The value that movement ops made this one from: it is stored, and read in its place.
  ValueId Root(ValueId id) const {
    const int producer = producers_[Index(id)];
    if (producer < 0) return id;
    const Node& node = graph_.nodes[Index(producer)];
    return node.op->role == OpRole::kMovement && node.op->name != "Concat" ? Root(node.inputs[0])
                                                                           : id;
  }

  const Graph& graph_;
  const InferredTypes& types_;
  std::vector<int> producers_, uses_;
  std::vector<std::vector<const Node*>> readers_;
  std::vector<char> is_output_;
};

}  // namespace

std::vector<std::size_t> QuantTargets::Of(TargetKind kind) const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].kind == kind) indices.push_back(i);
  }
  return indices;
}

Expected<QuantTargets> FindTargets(const Graph& graph) {
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, 1));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, shapes));
  const Finder finder(graph, types);
  QuantTargets targets;
  std::vector<char> seen(graph.values.size(), 0);
  const auto add_activation = [&](ValueId id) {
    if (!finder.IsStored(id) || seen[static_cast<std::size_t>(id)]++ != 0) return;
    const Shape& shape = finder.Type(id).shape;
    if (finder.IsResult(id)) {
      targets.float_activations.push_back(id);
      targets.float_activation_elements += ElementCount(shape);
    } else {
      targets.tensors.push_back(
          {id, graph.value(id).name, TargetKind::kActivation, shape, ElementCount(shape), {}});
    }
  };
  for (const ValueId id : graph.inputs) add_activation(id);
  for (const Node& node : graph.nodes) {
    if (node.op->role == OpRole::kCompute && node.op->weight_input >= 0) {
      const ValueId id = node.inputs[static_cast<std::size_t>(node.op->weight_input)];
      const Value& value = graph.value(id);
      if (value.constant && value.constant->dtype() == DType::kFloat32 &&
          seen[static_cast<std::size_t>(id)]++ == 0) {
        const Shape& shape = value.constant->shape();
        targets.tensors.push_back({id, value.name, TargetKind::kWeight, shape, ElementCount(shape),
                                   node.op->weight_axes(node, shape)});
      }
    }
    for (const ValueId id : node.outputs) add_activation(id);
  }
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const std::optional<Tensor>& constant = graph.values[v].constant;
    if (constant && constant->dtype() == DType::kFloat32 && seen[v] == 0)
      targets.float_weight_elements += constant->size();
  }
  return targets;
}

}  // namespace bw
