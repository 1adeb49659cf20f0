#pragma once
// The network as a value: SSA over ids, nodes in execution order, no pointers between them. Its
// vocabulary is ONNX opset 17 (the importer lifts older and lowers newer networks to it) plus ops
// of the domain "bitwright".

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/tensor/qtensor.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

struct OpDef;
struct Subgraph;

// Index into Graph::values; kNoValue stands for an absent optional input or output.
using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, Tensor>;

// Attributes by ONNX name; getters give the default when the name is absent. The importer has
// checked the types.
class Attributes {
 public:
  std::int64_t Int(const std::string& name, std::int64_t otherwise) const;
  float Float(const std::string& name, float otherwise) const;
  std::string String(const std::string& name, const std::string& otherwise) const;
  std::vector<std::int64_t> Ints(const std::string& name,
                                 std::vector<std::int64_t> otherwise) const;
  std::vector<float> Floats(const std::string& name, std::vector<float> otherwise) const;
  const Tensor* FindTensor(const std::string& name) const;
  bool Has(const std::string& name) const { return items.contains(name); }
  void Set(const std::string& name, Attribute value) {
    items.insert_or_assign(name, std::move(value));
  }

  std::map<std::string, Attribute> items;
  // The bodies of control flow (If, Loop, Scan), by attribute name.
  std::map<std::string, std::shared_ptr<const Subgraph>> graphs = {};
};

struct Node {
  std::string name;
  const OpDef* op = nullptr;
  std::vector<ValueId> inputs, outputs;
  Attributes attributes;
};

struct Value {
  std::string name;  // unique in the graph
  TensorType type;   // as declared; extents may be -1, dtype may be a guess until InferShapes
  std::optional<Tensor> constant;    // weights and folded values
  std::optional<QTensor> quantized;  // of a constant: the codes that `constant` was decoded from
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;  // topologically ordered
  std::vector<ValueId> inputs, outputs;

  ValueId AddValue(std::string name, TensorType type);
  ValueId AddConstant(std::string name, Tensor tensor);  // makes the name unique by a suffix
  Value& value(ValueId id) { return values.at(static_cast<std::size_t>(id)); }
  const Value& value(ValueId id) const { return values.at(static_cast<std::size_t>(id)); }
};

// A graph that a node runs. What it reads of the graph around it are its last inputs, one for each
// of `captured`, which are places in the node's inputs.
struct Subgraph {
  Graph graph;
  std::vector<std::size_t> captured;

  // How many inputs the graph has besides the captured ones.
  std::size_t own_inputs() const { return graph.inputs.size() - captured.size(); }
};

// For each value: the node that produces it (-1: none), and how many times it is read (graph
// outputs count once each).
std::vector<int> Producers(const Graph& graph);
std::vector<int> UseCounts(const Graph& graph);

// Replaces every read of `from` (graph outputs included) by `to`.
void ReplaceUses(Graph& graph, ValueId from, ValueId to);

// Drops nodes whose outputs nobody reads, and constants left unread. Value ids change.
void RemoveDead(Graph& graph);

// Ids in range, unique value names, single assignment, topological order, ops known, inputs
// unassigned, and the same of the graphs inside nodes. Run after every pass, in release too. The
// error names the node.
Expected<void> Verify(const Graph& graph);

// One line per node, types and attributes included.
std::string ToText(const Graph& graph);

}  // namespace bw
