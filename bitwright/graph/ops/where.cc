#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  constexpr DType kCondition[] = {DType::kBool};
  BW_TRY(CheckDType(in, 0, kCondition));
  BW_TRY(CheckSameDType(in, 2, 1));
  BW_ASSIGN(Shape branches, Broadcast(in.types[1].shape, in.types[2].shape));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, branches));
  return Types{{in.types[1].dtype, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = outputs[0].shape;
  const std::array strides = {BroadcastStrides(inputs[0].shape, shape),
                              BroadcastStrides(inputs[1].shape, shape),
                              BroadcastStrides(inputs[2].shape, shape)};
  const auto condition = inputs[0].span<bool>();
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto a = inputs[1].span<T>();
    const auto b = inputs[2].span<T>();
    const auto y = outputs[0].span<T>();
    ForEach(shape, strides, [&](std::size_t i, const std::array<std::int64_t, 3>& at) {
      y[i] = condition[static_cast<std::size_t>(at[0])] ? a[static_cast<std::size_t>(at[1])]
                                                        : b[static_cast<std::size_t>(at[2])];
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, where) = {.name = "Where", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
