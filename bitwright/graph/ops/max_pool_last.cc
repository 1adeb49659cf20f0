// MaxPool on [N, H, W, C], of floats or bytes.

#include "bitwright/graph/ops/channels_last.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) { return InferLast(in, "MaxPool", 1); }

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ReferenceLast(node, "MaxPool", 1, inputs, outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, max_pool_last) = {
    .name = "MaxPoolLast", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
