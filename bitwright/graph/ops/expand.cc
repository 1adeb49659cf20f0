// Broadcasts the input with the shape in input 1.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_ASSIGN(const Shape target, KnownInts(in, 1, "shape"));
  BW_TRY(CheckExtents(target, "input 1 (shape)"));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, target));
  return Types{{in.types[0].dtype, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::array strides = {BroadcastStrides(inputs[0].shape, outputs[0].shape)};
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    ForEach(outputs[0].shape, strides, [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
      y[i] = x[static_cast<std::size_t>(at[0])];
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, expand) = {
    .name = "Expand", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
