// The greatest code under the window.

#include "bitwright/graph/ops/tflite_pool.h"

namespace bw::ops {
namespace {

struct Greatest {
  std::int32_t code = -128;
  void Element(std::int32_t other) { code = std::max(code, other); }
  std::int32_t Result() const { return code; }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  tflite::Pool(node, inputs[0], outputs[0], [] { return Greatest{}; });
}

}  // namespace

BW_ENTRY(OpDef, tflite_max_pool_2d) = {.name = "TfliteMaxPool2D",
                                       .domain = kOwnDomain,
                                       .role = OpRole::kMovement,
                                       .infer = tflite::PoolType,
                                       .reference = Reference};

}  // namespace bw::ops
