// AveragePool on [N, H, W, C].

#include "bitwright/graph/ops/channels_last.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) { return InferLast(in, "AveragePool", 1); }

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ReferenceLast(node, "AveragePool", 1, inputs, outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, average_pool_last) = {
    .name = "AveragePoolLast", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
