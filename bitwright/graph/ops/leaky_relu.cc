#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 0.01F));
  MapElements<float>(inputs[0], outputs[0], [&](float element) {
    const auto x = static_cast<double>(element);
    return x < 0 ? alpha * x : x;
  });
}

}  // namespace

BW_ENTRY(OpDef, leaky_relu) = {
    .name = "LeakyRelu", .role = OpRole::kElementwise, .infer = SameFloat, .reference = Reference};

}  // namespace bw::ops
