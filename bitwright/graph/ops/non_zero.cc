// Indices of the elements that are not 0, [rank, count], in row-major order.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

std::vector<std::int64_t> Places(const ConstTensorRef& input) {
  std::vector<std::int64_t> places;
  DispatchAny(input.dtype, [&]<typename T>() {
    const auto x = input.span<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] != T{}) places.push_back(static_cast<std::int64_t>(i));
    }
  });
  return places;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  if (in.constants[0] == nullptr) return NotKnown(in, 0, "the elements");
  return Types{{DType::kInt64,
                {static_cast<std::int64_t>(in.types[0].shape.size()),
                 static_cast<std::int64_t>(Places(*in.constants[0]).size())}}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::vector<std::int64_t> places = Places(inputs[0]), strides = Strides(inputs[0].shape);
  const auto y = outputs[0].span<std::int64_t>();
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      y[axis * places.size() + i] = places[i] / strides[axis] % inputs[0].shape[axis];
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, non_zero) = {.name = "NonZero", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
