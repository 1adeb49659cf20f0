// min(max(x, low), high) with optional scalar bounds; when low > high the result is high.

#include <limits>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 3, 1}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  for (std::size_t i = 1; i < 3; ++i) {
    if (!in.has(i)) continue;
    BW_TRY(CheckSameDType(in, i, 0));
    if (in.types[i].shape.size() > 1 || ElementCount(in.types[i].shape) != 1) {
      return Fail("input {} ({}) is {}, it must be a scalar", i, i == 1 ? "min" : "max",
                  ShapeText(in.types[i].shape));
    }
  }
  return Types{in.types[0]};
}

template <typename T>
T Bound(std::span<const ConstTensorRef> inputs, std::size_t i, T otherwise) {
  return i < inputs.size() && inputs[i].data != nullptr ? inputs[i].span<T>()[0] : otherwise;
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    using Limits = std::numeric_limits<T>;
    constexpr bool kInfinite = Limits::has_infinity;
    const T low = Bound<T>(inputs, 1, kInfinite ? -Limits::infinity() : Limits::lowest());
    const T high = Bound<T>(inputs, 2, kInfinite ? Limits::infinity() : Limits::max());
    MapElements<T>(inputs[0], outputs[0], [&](T x) {
      const T raised = x < low ? low : x;
      return raised > high ? high : raised;
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, clip) = {
    .name = "Clip", .role = OpRole::kElementwise, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
