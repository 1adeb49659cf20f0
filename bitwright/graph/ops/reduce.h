#pragma once
// Reductions over axes.

#include <array>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

// Shape with the reduced extents set to 1; no axes given means all.
inline Expected<Shape> ReducedShape(const Shape& shape, std::span<const std::int64_t> axes) {
  BW_ASSIGN(const auto normal, NormalAxes(axes, shape.size()));
  if (normal.empty()) return Shape(shape.size(), 1);
  Shape reduced = shape;
  for (const std::size_t axis : normal) reduced[axis] = 1;
  return reduced;
}

// The output type when `axes` are reduced; dropped unless attribute keepdims.
inline Expected<Types> ReducedType(const InferInput& in, std::span<const std::int64_t> axes) {
  const Shape& shape = in.types[0].shape;
  BW_ASSIGN(Shape reduced, ReducedShape(shape, axes));
  if (in.node.attributes.Int("keepdims", 1) == 0) {
    BW_ASSIGN(const auto normal, NormalAxes(axes, shape.size()));
    if (normal.empty()) reduced.clear();
    for (std::size_t i = normal.size(); i-- > 0;) {
      reduced.erase(reduced.begin() + static_cast<std::ptrdiff_t>(normal[i]));
    }
  }
  return Types{{in.types[0].dtype, std::move(reduced)}};
}

// Calls f(output index, input element) in row-major order of the input. `reduced` has the input's
// rank.
template <typename T, typename F>
void ForEachReduced(const ConstTensorRef& input, const Shape& reduced, F f) {
  const auto x = input.span<T>();
  ForEach(input.shape, std::array{BroadcastStrides(reduced, input.shape)},
          [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
            f(static_cast<std::size_t>(at[0]), x[i]);
          });
}

// Means in double, rounded once.
inline void MeanOver(const ConstTensorRef& input, const TensorRef& output, const Shape& reduced) {
  const auto y = output.span<float>();
  std::vector<double> sums(y.size(), 0);
  ForEachReduced<float>(input, reduced,
                        [&](std::size_t i, float x) { sums[i] += static_cast<double>(x); });
  const double count =
      y.empty() ? 1 : static_cast<double>(input.size()) / static_cast<double>(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(sums[i] / count);
}

// Greatest elements; NaN wins.
template <typename T>
void MaxOver(const ConstTensorRef& input, const TensorRef& output, const Shape& reduced) {
  const auto y = output.span<T>();
  std::vector<char> seen(y.size(), 0);
  ForEachReduced<T>(input, reduced, [&](std::size_t i, T x) {
    if (seen[i] == 0 || x > y[i] || x != x) y[i] = x;
    seen[i] = 1;
  });
}

// Global pools: everything after batch and channels.
inline Expected<Types> GlobalPoolType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  Shape shape = in.types[0].shape;
  if (shape.size() < 3) {
    return Fail("input is {}, it needs at least 3 axes: batch, channels, spatial",
                ShapeText(shape));
  }
  if (Product(shape, 2, shape.size()) == 0) {
    return Fail("input is {}, its spatial extents must not be 0", ShapeText(shape));
  }
  std::fill(shape.begin() + 2, shape.end(), 1);
  return Types{{DType::kFloat32, std::move(shape)}};
}

}  // namespace bw::ops
