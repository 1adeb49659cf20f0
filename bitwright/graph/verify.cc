#include <algorithm>
#include <set>

#include "bitwright/graph/graph.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

std::string NodeText(const Node& node) {
  return fmt::format("node '{}' ({})", node.name,
                     node.op != nullptr ? node.op->name : "no operator");
}

Expected<void> CheckRange(const Graph& graph, ValueId id, std::string_view what) {
  if (id >= 0 && static_cast<std::size_t>(id) < graph.values.size()) return {};
  return Fail("{}: value {} does not exist, the graph has {} values", what, id,
              graph.values.size());
}

// What has a value before the first node runs: graph inputs and constants.
Expected<std::vector<char>> InitiallyAssigned(const Graph& graph) {
  std::vector<char> assigned(graph.values.size(), 0);
  std::set<std::string_view> names;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const Value& value = graph.values[v];
    if (!names.insert(value.name).second) {
      return Fail("value '{}': two values have this name, names must be unique", value.name);
    }
    assigned[v] = value.constant.has_value() ? 1 : 0;
  }
  for (const ValueId id : graph.inputs) {
    BW_TRY(CheckRange(graph, id, "graph inputs"));
    char& flag = assigned[static_cast<std::size_t>(id)];
    if (flag != 0) {
      return Fail(
          "graph input '{}': it already has a value, an input is listed once and is no constant",
          graph.value(id).name);
    }
    flag = 1;
  }
  return assigned;
}

// The graphs inside a node, and that what they capture is there.
Expected<void> VerifySubgraphs(const Node& node, const std::string& where) {
  for (const auto& [name, inner] : node.attributes.graphs) {
    const bool bad = inner->captured.size() > inner->graph.inputs.size() ||
                     std::any_of(inner->captured.begin(), inner->captured.end(),
                                 [&](std::size_t i) { return i >= node.inputs.size(); });
    if (bad) return Fail("{}: its graph '{}' captures inputs that it does not have", where, name);
    if (auto ok = Verify(inner->graph); !ok) return Context(where, std::move(ok).error());
  }
  return {};
}

Expected<void> VerifyNode(const Graph& graph, const Node& node, std::vector<char>& assigned) {
  const std::string where = NodeText(node);
  if (node.op == nullptr || FindOp(node.op->name, node.op->domain) != node.op) {
    return Fail("{}: the operator is not one of the registry", where);
  }
  for (const ValueId id : node.inputs) {
    if (id == kNoValue) continue;
    BW_TRY(CheckRange(graph, id, where));
    if (assigned[static_cast<std::size_t>(id)] == 0) {
      return Fail(
          "{}: reads '{}' before anything has computed it, nodes must be in execution order", where,
          graph.value(id).name);
    }
  }
  BW_TRY(VerifySubgraphs(node, where));
  for (const ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    BW_TRY(CheckRange(graph, id, where));
    char& flag = assigned[static_cast<std::size_t>(id)];
    if (flag != 0) {
      return Fail("{}: writes '{}', which already has a value; each is assigned once", where,
                  graph.value(id).name);
    }
    flag = 1;
  }
  return {};
}

std::string AttributeText(const Attribute& attribute) {
  struct Printer {
    std::string operator()(std::int64_t x) const { return fmt::format("{}", x); }
    std::string operator()(float x) const { return fmt::format("{}", x); }
    std::string operator()(const std::string& x) const { return fmt::format("'{}'", x); }
    std::string operator()(const std::vector<std::int64_t>& x) const {
      return fmt::format("[{}]", fmt::join(x, ","));
    }
    std::string operator()(const std::vector<float>& x) const {
      return fmt::format("[{}]", fmt::join(x, ","));
    }
    std::string operator()(const std::vector<std::string>& x) const {
      return fmt::format("['{}']", fmt::join(x, "','"));
    }
    std::string operator()(const Tensor& x) const {
      return fmt::format("{}{}", DTypeName(x.dtype()), ShapeText(x.shape()));
    }
  };
  return std::visit(Printer{}, attribute);
}

std::string ValueText(const Graph& graph, ValueId id) {
  if (id == kNoValue) return "-";
  const Value& value = graph.value(id);
  const std::string coded = value.quantized ? " " + value.quantized->spec.ToString() : "";
  return fmt::format("{}:{}{}{}", value.name, DTypeName(value.type.dtype),
                     ShapeText(value.type.shape), coded);
}

std::string ListText(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) text += (text.empty() ? "" : ", ") + ValueText(graph, id);
  return text;
}

}  // namespace

Expected<void> Verify(const Graph& graph) {
  BW_ASSIGN(std::vector<char> assigned, InitiallyAssigned(graph));
  for (const Node& node : graph.nodes) BW_TRY(VerifyNode(graph, node, assigned));
  for (const ValueId id : graph.outputs) {
    BW_TRY(CheckRange(graph, id, "graph outputs"));
    if (assigned[static_cast<std::size_t>(id)] == 0) {
      return Fail("graph output '{}': nothing computes it", graph.value(id).name);
    }
  }
  return {};
}

std::string ToText(const Graph& graph) {
  std::string text = fmt::format("graph '{}' ({})\n", graph.name, ListText(graph, graph.inputs));
  for (const Node& node : graph.nodes) {
    std::string attributes;
    for (const auto& [name, attribute] : node.attributes.items) {
      attributes += fmt::format(" {}={}", name, AttributeText(attribute));
    }
    for (const auto& [name, inner] : node.attributes.graphs) {
      attributes += fmt::format(" {}={{{}}}", name, ToText(inner->graph));
    }
    text += fmt::format("{} = {}{}({}){}  # {}\n", ListText(graph, node.outputs),
                        node.op->domain.empty() ? "" : std::string(node.op->domain) + ".",
                        node.op->name, ListText(graph, node.inputs), attributes, node.name);
  }
  return text + fmt::format("return {}\n", ListText(graph, graph.outputs));
}

}  // namespace bw
