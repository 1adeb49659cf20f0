// x < 0 ? slope * x : x; the slope broadcasts to the input.

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(CheckFloat(in, 1));
  if (!BroadcastsTo(in.types[1].shape, in.types[0].shape)) {
    return Fail("slope is {}, it must broadcast to the input {}", ShapeText(in.types[1].shape),
                ShapeText(in.types[0].shape));
  }
  return Types{in.types[0]};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  MapPairs<float, float, float>(inputs, outputs[0],
                                [](float x, float slope) { return x < 0 ? slope * x : x; });
}

}  // namespace

BW_ENTRY(OpDef, p_relu) = {
    .name = "PRelu", .role = OpRole::kElementwise, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
