// 1 at the first greatest element along an axis, else 0.

#include "bitwright/graph/ops/softmax.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::int64_t row = 0; row < Product(shape, 0, axis) * inner; ++row) {
    const auto at = [&](std::int64_t i) {
      return static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner);
    };
    std::int64_t best = 0;
    for (std::int64_t i = 0; i < extent; ++i) {
      if (x[at(i)] > x[at(best)]) best = i;
    }
    for (std::int64_t i = 0; i < extent; ++i) y[at(i)] = i == best ? 1.0F : 0.0F;
  }
}

}  // namespace

BW_ENTRY(OpDef, hardmax) = {.name = "Hardmax", .infer = SoftmaxType, .reference = Reference};

}  // namespace bw::ops
