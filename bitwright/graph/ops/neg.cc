#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0], [](T x) -> T {
      if constexpr (std::is_same_v<T, float>) {
        return -x;
      } else {
        return Wrapping<T>(0, x, [](auto a, auto b) { return a - b; });
      }
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, neg) = {
    .name = "Neg", .role = OpRole::kElementwise, .infer = SameNumeric, .reference = Reference};

}  // namespace bw::ops
