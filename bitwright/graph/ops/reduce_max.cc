#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  BW_TRY(CheckNotEmpty(in));
  return ReducedType(in, in.node.attributes.Ints("axes", {}));
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto axes = node.attributes.Ints("axes", {});
  const Shape reduced = ReducedShape(inputs[0].shape, axes).value();
  DispatchNumeric(inputs[0].dtype,
                  [&]<typename T>() { MaxOver<T>(inputs[0], outputs[0], reduced); });
}

}  // namespace

BW_ENTRY(OpDef, reduce_max) = {
    .name = "ReduceMax", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
