// max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).

#include <algorithm>
#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 1));
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0], [&](T element) {
      const auto x = static_cast<double>(element);
      return static_cast<T>(std::max(0.0, x) + std::min(0.0, alpha * std::expm1(x / alpha)));
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, celu) = {
    .name = "Celu", .role = OpRole::kElementwise, .infer = SameFloat, .reference = Reference};

}  // namespace bw::ops
