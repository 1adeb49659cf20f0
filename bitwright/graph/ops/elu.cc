#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 1));
  MapElements<float>(inputs[0], outputs[0], [&](float element) {
    const auto x = static_cast<double>(element);
    return x < 0 ? alpha * std::expm1(x) : x;
  });
}

}  // namespace

BW_ENTRY(OpDef, elu) = {
    .name = "Elu", .role = OpRole::kElementwise, .infer = SameFloat, .reference = Reference};

}  // namespace bw::ops
