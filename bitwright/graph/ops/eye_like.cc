// Ones on diagonal k of a matrix of the input's shape, in the type that attribute dtype names.

#include "bitwright/graph/ops/convert.h"
#include "bitwright/graph/ops/onnx_type.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  DType dtype = in.types[0].dtype;
  if (in.node.attributes.Has("dtype")) {
    BW_ASSIGN(dtype, TypeOfOnnx(in.node.attributes.Int("dtype", 0), "dtype"));
  }
  const Shape& shape = in.types[0].shape;
  if (shape.size() != 2) return Fail("input is {}, a matrix is needed", ShapeText(shape));
  return Types{{dtype, shape}};
}

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  const Shape& shape = outputs[0].shape;
  const std::int64_t k = node.attributes.Int("k", 0);
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      y[i] = static_cast<T>(at % shape[1] - at / shape[1] == k ? 1 : 0);
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, eye_like) = {
    .name = "EyeLike", .infer = Infer, .reference = Reference, .from_types = true};

}  // namespace bw::ops
