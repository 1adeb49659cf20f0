#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  MapPairs<bool, bool, bool>(inputs, outputs[0], [](bool a, bool b) { return a && b; });
}

}  // namespace

BW_ENTRY(OpDef, and) = {.name = "And", .infer = BroadcastBools, .reference = Reference};

}  // namespace bw::ops
