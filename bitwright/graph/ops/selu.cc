#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto alpha =
      static_cast<double>(node.attributes.Float("alpha", 1.67326319217681884765625F));
  const auto gamma =
      static_cast<double>(node.attributes.Float("gamma", 1.05070102214813232421875F));
  MapElements<float>(inputs[0], outputs[0], [&](float element) {
    const auto x = static_cast<double>(element);
    return gamma * (x < 0 ? alpha * std::expm1(x) : x);
  });
}

}  // namespace

BW_ENTRY(OpDef, selu) = {
    .name = "Selu", .role = OpRole::kElementwise, .infer = SameFloat, .reference = Reference};

}  // namespace bw::ops
