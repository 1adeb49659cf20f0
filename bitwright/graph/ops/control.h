#pragma once
// Operators that run graphs of their own. The graphs' last inputs are captured from the node's.

#include <string>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

// Iterations after which a loop counts as one that does not end.
inline constexpr std::int64_t kMaxIterations = std::int64_t{1} << 20;

inline Expected<std::shared_ptr<const Subgraph>> GraphOf(const Node& node,
                                                         const std::string& name) {
  const auto found = node.attributes.graphs.find(name);
  if (found == node.attributes.graphs.end()) {
    return Fail("its graph '{}' is missing, it is needed", name);
  }
  return found->second;
}

// The graph exists, takes `own` values of its own and gives at least `outputs`.
inline Expected<void> CheckGraph(const Node& node, const std::string& name, std::size_t own,
                                 std::size_t outputs) {
  BW_ASSIGN(const auto inner, GraphOf(node, name));
  if (inner->own_inputs() == own && inner->graph.outputs.size() == outputs) return {};
  return Fail("its graph '{}' has {} inputs and {} outputs, {} and {} are needed", name,
              inner->own_inputs(), inner->graph.outputs.size(), own, outputs);
}

// Runs the graph on its own inputs and what it captures of the node's.
inline Expected<std::vector<TensorPtr>> RunInner(const Subgraph& inner, std::vector<TensorPtr> own,
                                                 std::span<const TensorPtr> node_inputs,
                                                 const GraphRunner& run) {
  for (const std::size_t i : inner.captured) own.push_back(node_inputs[i]);
  return run(inner.graph, std::move(own));
}

inline Expected<bool> Truth(const TensorPtr& tensor, std::string_view what) {
  if (tensor->dtype() == DType::kBool && tensor->size() == 1) return tensor->span<bool>()[0];
  return Fail("{} is {}{}, a bool scalar is needed", what, DTypeName(tensor->dtype()),
              ShapeText(tensor->shape()));
}

// Values of one type, one for each iteration, to be laid next to each other on a new axis.
class Stack {
 public:
  Expected<void> Push(TensorPtr tensor) {
    if (!items_.empty() && tensor->type() != items_[0]->type()) {
      return Fail("an iteration gives {}{} after {}{}, all must be of one type",
                  DTypeName(tensor->dtype()), ShapeText(tensor->shape()),
                  DTypeName(items_[0]->dtype()), ShapeText(items_[0]->shape()));
    }
    items_.push_back(std::move(tensor));
    Shape shape = items_[0]->shape();
    shape.insert(shape.begin(), static_cast<std::int64_t>(items_.size()));
    return CheckExtents(shape, "stacked output");
  }

  // `otherwise`: the element's type when there was no iteration.
  TensorPtr Stacked(const TensorType& otherwise, bool reversed) const {
    TensorType type = items_.empty() ? otherwise : items_[0]->type();
    for (std::int64_t& extent : type.shape) extent = std::max<std::int64_t>(extent, 0);
    type.shape.insert(type.shape.begin(), static_cast<std::int64_t>(items_.size()));
    auto out = std::make_shared<Tensor>(type.dtype, type.shape);
    auto* to = static_cast<std::byte*>(TensorRef(*out).data);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Tensor& item = *items_[reversed ? items_.size() - 1 - i : i];
      if (item.bytes() > 0) std::memcpy(to, ConstTensorRef(item).data, item.bytes());
      to += item.bytes();
    }
    return out;
  }

 private:
  std::vector<TensorPtr> items_;
};

}  // namespace bw::ops
