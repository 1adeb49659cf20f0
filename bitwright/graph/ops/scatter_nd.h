#pragma once
// Index tuples along the last axis, which pick elements or slices.

#include "bitwright/graph/ops/scatter.h"

namespace bw::ops {

// Offset in elements of the slice that a tuple names in `shape` from axis `first` on.
inline std::int64_t TupleOffset(const Shape& shape, std::size_t first,
                                std::span<const std::int64_t> tuple) {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    offset = offset * shape[first + i] + FrontIndex(tuple[i], shape[first + i]);
  }
  return offset * Product(shape, first + tuple.size(), shape.size());
}

// Tuples of `size` reach into axes [first, first + size) of the shape; known ones are in range.
inline Expected<void> CheckTuples(const Shape& shape, std::size_t first, std::int64_t size,
                                  const TensorType& indices, const Tensor* known) {
  const auto length = static_cast<std::size_t>(std::max<std::int64_t>(size, 0));
  if (size < 1 || first + length > shape.size()) {
    return Fail("index tuples have {} entries for input {}, 1 to {} are allowed", size,
                ShapeText(shape), shape.size() - std::min(first, shape.size()));
  }
  if (Product(shape, first, first + length) == 0 && ElementCount(indices.shape) > 0) {
    return Fail("input is {}, there is nothing to index", ShapeText(shape));
  }
  if (known == nullptr) return {};
  const std::vector<std::int64_t> all = ReadInts(*known);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::int64_t extent = shape[first + i % length];
    if (all[i] >= -extent && all[i] < extent) continue;
    return Fail("index {} on an axis of {}, allowed are {} to {}", all[i], extent, -extent,
                extent - 1);
  }
  return {};
}

}  // namespace bw::ops
