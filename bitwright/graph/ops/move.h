#pragma once
// Operators whose output elements are input elements.

#include <cstring>
#include <vector>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

inline constexpr DType kEvery[] = {DType::kFloat32, DType::kInt32, DType::kInt64,
                                   DType::kUint8,   DType::kInt8,  DType::kBool};

// A strict order of all elements: NaN stands after every number.
template <typename T>
bool InOrder(T a, T b) {
  return a < b || (a == a && b != b);
}

// The first output is the first input under another shape.
inline void CopyElements(const Node&, std::span<const ConstTensorRef> inputs,
                         std::span<const TensorRef> outputs) {
  const std::size_t bytes =
      static_cast<std::size_t>(outputs[0].size()) * DTypeBytes(outputs[0].dtype);
  if (bytes > 0) std::memcpy(outputs[0].data, inputs[0].data, bytes);
}

// y[i0, i1, ...] = x[maps[0][i0], maps[1][i1], ...], or `fill` where an entry is negative. maps[k]
// has as many entries as the output has on axis k.
template <typename T>
void GatherByMaps(const ConstTensorRef& input, const TensorRef& output,
                  const std::vector<std::vector<std::int64_t>>& maps, T fill) {
  const auto x = input.span<T>();
  const auto y = output.span<T>();
  const std::vector<std::int64_t> strides = Strides(input.shape);
  std::vector<std::size_t> index(output.shape.size(), 0);
  for (T& element : y) {
    std::int64_t at = 0;
    bool inside = true;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      const std::int64_t from = maps[axis][index[axis]];
      inside = inside && from >= 0;
      at += from * strides[axis];
    }
    element = inside ? x[static_cast<std::size_t>(at)] : fill;
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < maps[axis].size()) break;
      index[axis] = 0;
    }
  }
}

}  // namespace bw::ops
