// A tensor of the shape in input 0, filled with the one element of attribute `value` (default:
// float 0).

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const Tensor* value = in.node.attributes.FindTensor("value");
  if (value != nullptr && value->size() != 1) {
    return Fail("value is {}, it must have one element", ShapeText(value->shape()));
  }
  BW_ASSIGN(Shape shape, KnownInts(in, 0, "shape"));
  return Types{{value == nullptr ? DType::kFloat32 : value->dtype(), std::move(shape)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  const Tensor* value = node.attributes.FindTensor("value");
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto y = outputs[0].span<T>();
    std::fill(y.begin(), y.end(), value == nullptr ? T{} : value->span<T>()[0]);
  });
}

}  // namespace

BW_ENTRY(OpDef, constant_of_shape) = {
    .name = "ConstantOfShape", .role = OpRole::kShape, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
