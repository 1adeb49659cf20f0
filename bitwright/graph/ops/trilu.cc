// The upper or lower triangle of matrices, cut off at diagonal k (input 1, default 0); the rest is
// 0.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 2, 1}));
  if (in.types[0].shape.size() < 2) {
    return Fail("input is {}, at least 2 axes are needed", ShapeText(in.types[0].shape));
  }
  if (in.has(1)) {
    BW_TRY(CheckDType(in, 1, kIndex));
    if (ElementCount(in.types[1].shape) != 1) {
      return Fail("k is {}, a scalar is needed", ShapeText(in.types[1].shape));
    }
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::int64_t columns = shape.back(), rows = shape[shape.size() - 2];
  const bool upper = node.attributes.Int("upper", 1) != 0;
  const bool given = inputs.size() > 1 && inputs[1].data != nullptr;
  const std::int64_t k =
      given ? std::clamp(ReadInts(inputs[1])[0], -rows - columns, rows + columns) : 0;
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t diagonal = at % columns - at / columns % rows;
      y[i] = (upper ? diagonal >= k : diagonal <= k) ? x[i] : T{};
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, trilu) = {.name = "Trilu", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
