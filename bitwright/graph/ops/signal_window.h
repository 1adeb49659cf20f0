#pragma once
// Windows of signal processing: a - b cos(2 pi i / n) + c cos(4 pi i / n), n the size (periodic) or
// one less.

#include <cmath>
#include <numbers>

#include "bitwright/graph/ops/onnx_type.h"

namespace bw::ops {

inline Expected<Types> WindowType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_ASSIGN(const auto size, KnownInts(in, 0, "size"));
  BW_ASSIGN(const DType dtype,
            TypeOfOnnx(in.node.attributes.Int("output_datatype", 1), "output_datatype"));
  if (dtype != DType::kFloat32) {
    return Fail("output_datatype is {}, float32 is allowed", DTypeName(dtype));
  }
  if (size.size() != 1 || size[0] < 0 || size[0] > kMaxElements) {
    return Fail("size is [{}], one number from 0 to 2^34 is needed", fmt::join(size, ","));
  }
  return Types{{dtype, {size[0]}}};
}

inline void WindowValues(const Node& node, const TensorRef& output, double a, double b, double c) {
  const auto y = output.span<float>();
  const bool periodic = node.attributes.Int("periodic", 1) != 0;
  const double count = static_cast<double>(y.size()) - (periodic ? 0 : 1);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double angle = count <= 0 ? 0 : 2 * std::numbers::pi * static_cast<double>(i) / count;
    y[i] = static_cast<float>(a - b * std::cos(angle) + c * std::cos(2 * angle));
  }
}

}  // namespace bw::ops
