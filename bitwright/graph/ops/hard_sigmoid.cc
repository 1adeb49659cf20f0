#include <algorithm>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 0.2F));
  const auto beta = static_cast<double>(node.attributes.Float("beta", 0.5F));
  MapElements<float>(inputs[0], outputs[0], [&](float element) {
    const auto x = static_cast<double>(element);
    return std::clamp(alpha * x + beta, 0.0, 1.0);
  });
}

}  // namespace

BW_ENTRY(OpDef, hard_sigmoid) = {.name = "HardSigmoid",
                                 .role = OpRole::kElementwise,
                                 .infer = SameFloat,
                                 .reference = Reference};

}  // namespace bw::ops
