// Extents of the input from axis `start` to before axis `end`.

#include <algorithm>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

std::size_t Bound(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(axis < 0 ? axis + limit : axis, 0, limit));
}

Shape Selected(const Node& node, const Shape& x) {
  const std::size_t start = Bound(node.attributes.Int("start", 0), x.size());
  const std::size_t end =
      Bound(node.attributes.Int("end", static_cast<std::int64_t>(x.size())), x.size());
  Shape selected;
  for (std::size_t i = start; i < end; ++i) selected.push_back(x[i]);
  return selected;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const Shape selected = Selected(in.node, in.types[0].shape);
  return Types{{DType::kInt64, {static_cast<std::int64_t>(selected.size())}}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape selected = Selected(node, inputs[0].shape);
  std::copy(selected.begin(), selected.end(), outputs[0].span<std::int64_t>().begin());
}

}  // namespace

BW_ENTRY(OpDef, shape) = {.name = "Shape",
                          .role = OpRole::kShape,
                          .infer = Infer,
                          .reference = Reference,
                          .from_types = true};

}  // namespace bw::ops
