// GlobalAveragePool on [N, H, W, C].

#include "bitwright/graph/ops/channels_last.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) { return InferLast(in, "GlobalAveragePool", 1); }

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ReferenceLast(node, "GlobalAveragePool", 1, inputs, outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, global_average_pool_last) = {
    .name = "GlobalAveragePoolLast", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
