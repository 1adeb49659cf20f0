// The remainder: of integers with the divisor's sign, with fmod=1 (floats always) with the
// dividend's. A remainder by 0 is 0 for integers.

#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  const std::int64_t fmod = in.node.attributes.Int("fmod", 0);
  if (fmod == 0 && in.types[0].dtype == DType::kFloat32) {
    return Fail("fmod is 0 for float32 inputs, 1 is needed");
  }
  return BroadcastTwo(in);
}

template <typename T>
T Remainder(T a, T b, bool truncated) {
  if constexpr (std::is_same_v<T, float>) {
    return std::fmod(a, b);
  } else {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
    }
    const T rest = static_cast<T>(a % b);
    const bool adjust = !truncated && rest != 0 && (rest < 0) != (b < 0);
    return static_cast<T>(adjust ? rest + b : rest);
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const bool truncated = node.attributes.Int("fmod", 0) != 0;
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    MapPairs<T, T, T>(inputs, outputs[0], [&](T a, T b) { return Remainder(a, b, truncated); });
  });
}

}  // namespace

BW_ENTRY(OpDef, mod) = {
    .name = "Mod", .role = OpRole::kBinary, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
