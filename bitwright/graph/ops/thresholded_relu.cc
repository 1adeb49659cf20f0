// x above alpha, else 0.

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
      return static_cast<T>(x > alpha ? x : 0.0);
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, thresholded_relu) = {.name = "ThresholdedRelu",
                                     .role = OpRole::kElementwise,
                                     .infer = SameFloat,
                                     .reference = Reference};

}  // namespace bw::ops
