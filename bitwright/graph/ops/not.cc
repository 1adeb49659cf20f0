#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) { return SameAsInput(in, kBoolOnly); }

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  MapElements<bool>(inputs[0], outputs[0], [](bool x) { return !x; });
}

}  // namespace

BW_ENTRY(OpDef, not ) = {.name = "Not", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
