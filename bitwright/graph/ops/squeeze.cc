#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// Drops the axes of input 1, which must have extent 1; without it every such axis.
Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 2, 1}));
  const Shape& x = in.types[0].shape;
  TensorType out{in.types[0].dtype, {}};
  if (!in.has(1)) {
    std::copy_if(x.begin(), x.end(), std::back_inserter(out.shape),
                 [](std::int64_t extent) { return extent != 1; });
    return Types{std::move(out)};
  }
  BW_ASSIGN(const auto given, KnownInts(in, 1, "axes"));
  BW_ASSIGN(const auto axes, NormalAxes(given, x.size()));
  out.shape = x;
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (x[axes[i]] != 1) {
      return Fail("axis {} of input {} has extent {}, only an extent of 1 can be dropped", axes[i],
                  ShapeText(x), x[axes[i]]);
    }
    out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axes[i]));
  }
  return Types{std::move(out)};
}

}  // namespace

BW_ENTRY(OpDef, squeeze) = {
    .name = "Squeeze", .role = OpRole::kMovement, .infer = Infer, .reference = CopyElements};

}  // namespace bw::ops
