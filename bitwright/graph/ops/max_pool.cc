#include <limits>

#include "bitwright/graph/ops/pool.h"

namespace bw::ops {
namespace {

struct Greatest {
  float greatest = -std::numeric_limits<float>::infinity();
  void Element(float x) { greatest = x > greatest || x != x ? x : greatest; }
  void Padding() {}
  float Result() const { return greatest; }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  PoolAll(node, inputs[0], outputs[0], [] { return Greatest(); });
}

}  // namespace

BW_ENTRY(OpDef, max_pool) = {
    .name = "MaxPool", .role = OpRole::kMovement, .infer = PoolType, .reference = Reference};

}  // namespace bw::ops
