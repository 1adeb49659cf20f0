#pragma once
// Softmax and LogSoftmax of opset 13: along one axis, the greatest element subtracted, in double.

#include <cmath>
#include <limits>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

inline Expected<Types> SoftmaxType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(NormalAxis(in.node.attributes.Int("axis", -1), in.types[0].shape.size()));
  return Types{in.types[0]};
}

// finish(x - greatest, sum of exp(x - greatest)) for each element.
template <double (*Finish)(double, double)>
void SoftmaxRows(const Node& node, std::span<const ConstTensorRef> inputs,
                 std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::int64_t row = 0; row < Product(shape, 0, axis) * inner; ++row) {
    const auto at = [&](std::int64_t i) {
      return static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner);
    };
    double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < extent; ++i) {
      greatest = std::max(greatest, static_cast<double>(x[at(i)]));
    }
    for (std::int64_t i = 0; i < extent; ++i) {
      sum += std::exp(static_cast<double>(x[at(i)]) - greatest);
    }
    for (std::int64_t i = 0; i < extent; ++i) {
      y[at(i)] = static_cast<float>(Finish(static_cast<double>(x[at(i)]) - greatest, sum));
    }
  }
}

}  // namespace bw::ops
