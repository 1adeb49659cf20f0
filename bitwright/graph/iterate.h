#pragma once
// Loops over tensors of any rank and any element type.

#include <algorithm>
#include <array>
#include <vector>

#include "bitwright/graph/op.h"

namespace bw::ops {

// Calls f.template operator()<T>() for the C++ type of `dtype`.
template <typename F>
void DispatchAny(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kInt32:
      return f.template operator()<std::int32_t>();
    case DType::kInt64:
      return f.template operator()<std::int64_t>();
    case DType::kUint8:
      return f.template operator()<std::uint8_t>();
    case DType::kInt8:
      return f.template operator()<std::int8_t>();
    case DType::kBool:
      return f.template operator()<bool>();
  }
}

// The same without bool.
template <typename F>
void DispatchNumeric(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kInt32:
      return f.template operator()<std::int32_t>();
    case DType::kInt64:
      return f.template operator()<std::int64_t>();
    case DType::kUint8:
      return f.template operator()<std::uint8_t>();
    case DType::kInt8:
      return f.template operator()<std::int8_t>();
    case DType::kBool:
      BW_CHECK(dtype != DType::kBool);
  }
}

// Row-major strides in elements.
inline std::vector<std::int64_t> Strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Strides that read a tensor of shape `from` as if it had shape `to`, to which it broadcasts.
inline std::vector<std::int64_t> BroadcastStrides(const Shape& from, const Shape& to) {
  const std::vector<std::int64_t> own = Strides(from);
  std::vector<std::int64_t> strides(to.size(), 0);
  for (std::size_t back = 1; back <= from.size(); ++back) {
    if (from[from.size() - back] != 1) strides[to.size() - back] = own[own.size() - back];
  }
  return strides;
}

// f(i, offsets) for each element i of `shape` in row-major order, offsets[k] being its position
// under strides[k].
template <std::size_t N, typename F>
void ForEach(const Shape& shape, const std::array<std::vector<std::int64_t>, N>& strides, F&& f) {
  const std::int64_t count = ElementCount(shape);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::array<std::int64_t, N> at{};
  for (std::int64_t i = 0; i < count; ++i) {
    f(static_cast<std::size_t>(i), at);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      for (std::size_t k = 0; k < N; ++k) at[k] += strides[k][axis];
      if (++index[axis] < shape[axis]) break;
      for (std::size_t k = 0; k < N; ++k) at[k] -= strides[k][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace bw::ops
