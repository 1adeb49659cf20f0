#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0],
                   [](T x) { return static_cast<T>((x > T{0} ? 1 : 0) - (x < T{0} ? 1 : 0)); });
  });
}

}  // namespace

BW_ENTRY(OpDef, sign) = {
    .name = "Sign", .role = OpRole::kElementwise, .infer = SameNumeric, .reference = Reference};

}  // namespace bw::ops
