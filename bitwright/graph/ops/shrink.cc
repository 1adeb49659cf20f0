// Towards 0 by bias outside [-lambd, lambd], 0 inside.

#include <algorithm>
#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto bias = static_cast<double>(node.attributes.Float("bias", 0));
  const auto lambd = static_cast<double>(node.attributes.Float("lambd", 0.5F));
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0], [&](T element) {
      const auto x = static_cast<double>(element);
      return static_cast<T>(x < -lambd ? x + bias : x > lambd ? x - bias : 0.0);
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, shrink) = {
    .name = "Shrink", .role = OpRole::kElementwise, .infer = SameNumeric, .reference = Reference};

}  // namespace bw::ops
