// The mean of the codes under the window, rounded to nearest, ties away from zero.

#include "bitwright/graph/ops/tflite_pool.h"

namespace bw::ops {
namespace {

struct Mean {
  std::int32_t sum = 0, count = 0;
  void Element(std::int32_t code) {
    sum += code;
    ++count;
  }
  std::int32_t Result() const {
    if (count == 0) return 0;
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
  }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  tflite::Pool(node, inputs[0], outputs[0], [] { return Mean{}; });
}

}  // namespace

BW_ENTRY(OpDef, tflite_average_pool_2d) = {.name = "TfliteAveragePool2D",
                                           .domain = kOwnDomain,
                                           .infer = tflite::PoolType,
                                           .reference = Reference};

}  // namespace bw::ops
