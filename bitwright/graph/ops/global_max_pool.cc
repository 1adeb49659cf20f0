#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {
namespace {

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  MaxOver<float>(inputs[0], outputs[0], outputs[0].shape);
}

}  // namespace

BW_ENTRY(OpDef, global_max_pool) = {.name = "GlobalMaxPool",
                                    .role = OpRole::kMovement,
                                    .infer = GlobalPoolType,
                                    .reference = Reference};

}  // namespace bw::ops
