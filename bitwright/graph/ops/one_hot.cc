// Along a new axis of `depth` (input 1): values[1] at the index, values[0] elsewhere; an index out
// of range gives none.

#include <cmath>

#include "bitwright/graph/ops/convert.h"
#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

std::vector<std::int64_t> Integers(const ConstTensorRef& tensor) {
  Tensor converted(DType::kInt64, tensor.shape);
  ConvertElements(tensor, converted);
  return ReadInts(converted);
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  BW_TRY(CheckDType(in, 1, kNumeric));
  if (in.types[2].shape != Shape{2} || ElementCount(in.types[1].shape) != 1) {
    return Fail("depth is {} and values {}, a scalar and [2] are needed",
                ShapeText(in.types[1].shape), ShapeText(in.types[2].shape));
  }
  if (in.constants[1] == nullptr) return NotKnown(in, 1, "depth");
  const std::int64_t depth = Integers(*in.constants[1])[0];
  Shape shape = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis,
            NormalAxis(in.node.attributes.Int("axis", -1), shape.size() + 1));
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  return Types{{in.types[2].dtype, std::move(shape)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = outputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), depth = shape[axis];
  const std::vector<std::int64_t> indices = Integers(inputs[0]);
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto values = inputs[2].span<T>();
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t place = at / inner % depth;
      const auto index = static_cast<std::size_t>(at / inner / depth * inner + at % inner);
      const std::int64_t hot = indices[index] < 0 ? indices[index] + depth : indices[index];
      y[i] = values[hot == place ? 1 : 0];
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, one_hot) = {.name = "OneHot", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
