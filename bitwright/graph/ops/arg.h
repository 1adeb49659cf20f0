#pragma once
// ArgMax and ArgMin.

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

inline Expected<Types> ArgType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  Shape shape = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", 0), shape.size()));
  if (shape[axis] == 0) return Fail("input is {}, axis {} is empty", ShapeText(shape), axis);
  shape[axis] = 1;
  if (in.node.attributes.Int("keepdims", 1) == 0) {
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return Types{{DType::kInt64, std::move(shape)}};
}

// The first element (the last with select_last_index) before which none comes.
template <typename Before>
void ArgFirst(const Node& node, std::span<const ConstTensorRef> inputs,
              std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), shape.size()).value();
  const bool last = node.attributes.Int("select_last_index", 0) != 0;
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const auto y = outputs[0].span<std::int64_t>();
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    for (std::size_t row = 0; row < y.size(); ++row) {
      const auto r = static_cast<std::int64_t>(row);
      const auto at = [&](std::int64_t i) {
        return x[static_cast<std::size_t>((r / inner * extent + i) * inner + r % inner)];
      };
      std::int64_t best = 0;
      for (std::int64_t i = 1; i < extent; ++i) {
        if (Before::Holds(at(i), at(best)) || (last && at(i) == at(best))) best = i;
      }
      y[row] = best;
    }
  });
}

}  // namespace bw::ops
