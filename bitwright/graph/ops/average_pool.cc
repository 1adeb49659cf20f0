// The mean of the elements under the window; padding counts as zeros with count_include_pad.

#include "bitwright/graph/ops/pool.h"

namespace bw::ops {
namespace {

struct Mean {
  std::int64_t weight_of_padding = 0;
  double sum = 0;
  std::int64_t count = 0;
  void Element(float x) {
    sum += static_cast<double>(x);
    ++count;
  }
  void Padding() { count += weight_of_padding; }
  float Result() const {
    return count == 0 ? 0 : static_cast<float>(sum / static_cast<double>(count));
  }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::int64_t weight = node.attributes.Int("count_include_pad", 0) != 0 ? 1 : 0;
  PoolAll(node, inputs[0], outputs[0], [&] { return Mean{weight}; });
}

}  // namespace

BW_ENTRY(OpDef, average_pool) = {.name = "AveragePool", .infer = PoolType, .reference = Reference};

}  // namespace bw::ops
