#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(CheckNotEmpty(in));
  return ReducedType(in, in.node.attributes.Ints("axes", {}));
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto axes = node.attributes.Ints("axes", {});
  MeanOver(inputs[0], outputs[0], ReducedShape(inputs[0].shape, axes).value());
}

}  // namespace

BW_ENTRY(OpDef, reduce_mean) = {.name = "ReduceMean", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
