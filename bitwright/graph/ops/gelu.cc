// x * Phi(x), or its approximation by tanh.

#include <cmath>
#include <numbers>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"approximate", AttributeRule::Kind::kString}};

Expected<Types> Infer(const InferInput& in) {
  const std::string approximate = in.node.attributes.String("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return Fail("approximate is '{}', allowed: none, tanh", approximate);
  }
  return SameFloat(in);
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const bool tanh = node.attributes.String("approximate", "none") == "tanh";
  MapElements<float>(inputs[0], outputs[0], [&](float element) {
    const auto x = static_cast<double>(element);
    const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + (tanh ? std::tanh(inner) : std::erf(x / std::numbers::sqrt2)));
  });
}

}  // namespace

BW_ENTRY(OpDef, gelu) = {.name = "Gelu",
                         .role = OpRole::kElementwise,
                         .infer = Infer,
                         .since = 20,
                         .attributes = kAttributes,
                         .reference = Reference};

}  // namespace bw::ops
