#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0], [](T x) -> T {
      if constexpr (std::is_same_v<T, float>) {
        return std::abs(x);
      } else {
        return x < T{0} ? Wrapping<T>(0, x, [](auto a, auto b) { return a - b; }) : x;
      }
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, abs) = {
    .name = "Abs", .role = OpRole::kElementwise, .infer = SameNumeric, .reference = Reference};

}  // namespace bw::ops
