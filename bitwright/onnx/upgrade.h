#pragma once
// Moving one operator of the file to the vocabulary of opset 17. Each operator whose definition
// changed between opset 7 and 21 in a way that matters is one file in onnx/upgrades/; the others
// need none.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/registry.h"
#include "bitwright/graph/graph.h"

namespace bw {

// The opset whose words the graph is in.
inline constexpr int kGraphOpset = 17;

// A node on its way into the graph: first as the file says, then in the words of opset 17.
struct Draft {
  std::string name;
  std::string op;
  std::vector<ValueId> inputs, outputs;
  Attributes attributes;
  std::string domain = {};  // "" is ONNX's

  bool HasInput(std::size_t i) const { return i < inputs.size() && inputs[i] != kNoValue; }
  bool HasOutput(std::size_t i) const { return i < outputs.size() && outputs[i] != kNoValue; }

  // The attribute, removed from the draft; empty when it was absent. Its type has been checked.
  template <typename T>
  std::optional<T> Take(const std::string& attribute) {
    const auto found = attributes.items.find(attribute);
    if (found == attributes.items.end()) return std::nullopt;
    T value = std::get<T>(std::move(found->second));
    attributes.items.erase(found);
    return value;
  }
};

// What an upgrade may ask of the network read so far, and add to it.
class UpgradeContext {
 public:
  virtual ~UpgradeContext() = default;

  virtual int opset() const = 0;

  // The constant that the value is, or null.
  virtual const Tensor* Constant(ValueId id) const = 0;

  // Type at batch size 1, by inference over everything that stands before the node.
  virtual Expected<TensorType> Type(ValueId id) = 0;

  // Whether some node or graph output of the file reads it.
  virtual bool IsRead(ValueId id) const = 0;

  // A new constant "<node>.<what>", a new value of that kind of name, the value as a constant.
  virtual ValueId AddConstant(const Draft& node, std::string_view what, Tensor tensor) = 0;
  virtual ValueId AddValue(const Draft& node, std::string_view what) = 0;
  virtual void SetConstant(ValueId id, Tensor tensor) = 0;

  // Puts a helper node before the one being upgraded.
  virtual Expected<void> Emit(Draft node) = 0;
};

// An attribute that an operator got after opset 17.
struct NewAttribute {
  std::string_view name;
  enum class Kind { kInt, kInts, kString } kind;
};

// For Upgrade::becomes: the operator turns into a constant.
inline constexpr std::string_view kNoNode = "(no node)";

struct Upgrade {
  std::span<const std::string_view> ops;  // the file's operators that it takes
  std::string_view becomes = "";          // operator of the graph; empty: the same; kNoNode: none
  std::span<const NewAttribute> newer = {};  // what opsets 18 to 21 allow beyond opset 17

  // Rewrites the draft. Attributes are of the types, inputs and outputs of the number that the
  // file's opset demands. An error says what of the node cannot be expressed; the caller adds the
  // node's name.
  Expected<void> (*apply)(UpgradeContext& context, Draft& node) = nullptr;
};

namespace upgrades {
std::span<const Upgrade* const> All();
}

// Null when the operator needs none.
const Upgrade* FindUpgrade(std::string_view op);

// For upgrades: int64 list and float scalar tensors, the elements of an int64 or int32 constant.
Tensor IntsTensor(const std::vector<std::int64_t>& elements);
Tensor ScalarTensor(float element);
Expected<std::vector<std::int64_t>> ConstantInts(const UpgradeContext& context, const Draft& node,
                                                 std::size_t input, std::string_view what);

// Axis counted from the front; fails outside [-rank, rank).
Expected<std::int64_t> FrontAxis(std::int64_t axis, std::size_t rank);

// Replaces the int list attribute, if there, by a constant input at place `input`.
void AttributeToInput(UpgradeContext& context, Draft& node, const std::string& attribute,
                      std::size_t input);

}  // namespace bw
