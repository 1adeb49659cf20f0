#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// `target` with 0 replaced by the input's extent (unless allowzero); -1 may still stand in it once.
Expected<Shape> CopyZeros(const Shape& x, Shape target, std::int64_t allowzero) {
  int inferred = 0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] < -1)
      return Fail("shape is [{}], entries must be -1 or more", fmt::join(target, ","));
    if (target[i] == -1 && ++inferred > 1) {
      return Fail("shape has {} entries of -1, at most one allowed", inferred);
    }
    if (target[i] != 0 || allowzero != 0) continue;
    if (i >= x.size()) {
      return Fail("shape entry {} is 0 but input is {}; 0 copies an extent of the input", i,
                  ShapeText(x));
    }
    target[i] = x[i];
  }
  return target;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_ASSIGN(Shape target, KnownInts(in, 1, "shape"));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(target, CopyZeros(x, std::move(target), in.node.attributes.Int("allowzero", 0)));
  Shape known = target;
  std::replace(known.begin(), known.end(), std::int64_t{-1}, std::int64_t{1});
  BW_TRY(CheckExtents(known, "shape"));
  const std::int64_t count = ElementCount(x), part = ElementCount(known);
  const auto unknown = std::find(target.begin(), target.end(), -1);
  if (unknown == target.end() ? count != part : part == 0 || count % part != 0) {
    return Fail("input {} has {} elements, they do not fit shape {}", ShapeText(x), count,
                ShapeText(target));
  }
  if (unknown != target.end()) *unknown = count / part;
  return Types{{in.types[0].dtype, std::move(target)}};
}

}  // namespace

BW_ENTRY(OpDef, reshape) = {
    .name = "Reshape", .role = OpRole::kMovement, .infer = Infer, .reference = CopyElements};

}  // namespace bw::ops
