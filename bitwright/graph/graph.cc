#include "bitwright/graph/graph.h"

#include <algorithm>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

std::size_t Index(ValueId id) { return static_cast<std::size_t>(id); }

// Marks what a live node reads; true when one of the node's outputs is needed.
bool IsLive(const Node& node, const std::vector<char>& needed) {
  return std::any_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId id) { return id != kNoValue && needed[Index(id)] != 0; });
}

// By value: whether a graph output depends on it. Clears `nodes` of the dead ones.
std::vector<char> DropDeadNodes(Graph& graph) {
  std::vector<char> needed(graph.values.size(), 0);
  for (const ValueId id : graph.outputs) needed[Index(id)] = 1;
  std::vector<Node> live;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!IsLive(*node, needed)) continue;
    for (const ValueId id : node->inputs) {
      if (id != kNoValue) needed[Index(id)] = 1;
    }
    live.push_back(std::move(*node));
  }
  std::reverse(live.begin(), live.end());
  graph.nodes = std::move(live);
  return needed;
}

void Renumber(std::vector<ValueId>& ids, const std::vector<ValueId>& renumbered) {
  for (ValueId& id : ids) {
    if (id != kNoValue) id = renumbered[Index(id)];
  }
}

}  // namespace

ValueId Graph::AddValue(std::string value_name, TensorType type) {
  values.push_back({std::move(value_name), std::move(type), std::nullopt, std::nullopt});
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::AddConstant(std::string value_name, Tensor tensor) {
  const auto taken = [&](const std::string& candidate) {
    return std::any_of(values.begin(), values.end(),
                       [&](const Value& value) { return value.name == candidate; });
  };
  std::string unique = value_name;
  for (int suffix = 1; taken(unique); ++suffix) unique = fmt::format("{}_{}", value_name, suffix);
  const ValueId id = AddValue(std::move(unique), tensor.type());
  value(id).constant = std::move(tensor);
  return id;
}

std::vector<int> Producers(const Graph& graph) {
  std::vector<int> producers(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs) {
      if (id != kNoValue) producers.at(Index(id)) = static_cast<int>(n);
    }
  }
  return producers;
}

std::vector<int> UseCounts(const Graph& graph) {
  std::vector<int> uses(graph.values.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) ++uses.at(Index(id));
    }
  }
  for (const ValueId id : graph.outputs) ++uses.at(Index(id));
  return uses;
}

void ReplaceUses(Graph& graph, ValueId from, ValueId to) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  std::replace(graph.outputs.begin(), graph.outputs.end(), from, to);
}

void RemoveDead(Graph& graph) {
  std::vector<char> keep = DropDeadNodes(graph);
  for (const ValueId id : graph.inputs) keep[Index(id)] = 1;
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) keep[Index(id)] = 1;
    }
  }
  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  std::vector<Value> kept;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (keep[v] == 0) continue;
    renumbered[v] = static_cast<ValueId>(kept.size());
    kept.push_back(std::move(graph.values[v]));
  }
  graph.values = std::move(kept);
  for (Node& node : graph.nodes) {
    Renumber(node.inputs, renumbered);
    Renumber(node.outputs, renumbered);
  }
  Renumber(graph.inputs, renumbered);
  Renumber(graph.outputs, renumbered);
}

}  // namespace bw
