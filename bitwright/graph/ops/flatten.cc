#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// The axis may equal the rank.
Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const Shape& x = in.types[0].shape;
  const auto rank = static_cast<std::int64_t>(x.size());
  const std::int64_t axis = in.node.attributes.Int("axis", 1);
  if (axis < -rank || axis > rank) {
    return Fail("axis is {} but the rank is {}, allowed are {} to {}", axis, rank, -rank, rank);
  }
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  return Types{{in.types[0].dtype, {Product(x, 0, split), Product(x, split, x.size())}}};
}

}  // namespace

BW_ENTRY(OpDef, flatten) = {
    .name = "Flatten", .role = OpRole::kMovement, .infer = Infer, .reference = CopyElements};

}  // namespace bw::ops
