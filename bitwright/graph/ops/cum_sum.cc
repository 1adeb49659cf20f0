// Sums of what stands before along an axis (input 1): with the element itself, or without it
// (exclusive), from the end with reverse.

#include "bitwright/graph/ops/scatter.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 0, kSums));
  BW_TRY(CheckDType(in, 1, kIndex));
  if (ElementCount(in.types[1].shape) != 1 || in.types[0].shape.empty()) {
    return Fail("inputs are {} and {}, a tensor and a scalar axis are needed",
                ShapeText(in.types[0].shape), ShapeText(in.types[1].shape));
  }
  if (in.constants[1] != nullptr) {
    BW_TRY(NormalAxis(ReadInts(*in.constants[1])[0], in.types[0].shape.size()));
  }
  return Types{in.types[0]};
}

template <typename T>
void Sum(const ConstTensorRef& input, const TensorRef& output, std::size_t axis, const Node& node) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, std::uint64_t>;
  const Shape& shape = input.shape;
  const bool exclusive = node.attributes.Int("exclusive", 0) != 0;
  const bool reverse = node.attributes.Int("reverse", 0) != 0;
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const auto x = input.span<T>();
  const auto y = output.span<T>();
  for (std::int64_t row = 0; row < Product(shape, 0, axis) * inner; ++row) {
    Wide sum = 0;
    for (std::int64_t k = 0; k < extent; ++k) {
      const std::int64_t i = reverse ? extent - 1 - k : k;
      const auto at = static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner);
      const Wide before = sum;
      sum += static_cast<Wide>(x[at]);
      y[at] = static_cast<T>(exclusive ? before : sum);
    }
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto rank = static_cast<std::int64_t>(inputs[0].shape.size());
  const auto axis = static_cast<std::size_t>(FrontIndex(ReadInts(inputs[1])[0], rank));
  DispatchNumeric(inputs[0].dtype,
                  [&]<typename T>() { Sum<T>(inputs[0], outputs[0], axis, node); });
}

}  // namespace

BW_ENTRY(OpDef, cum_sum) = {.name = "CumSum", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
