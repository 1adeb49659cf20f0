#pragma once
// Convolution of codes: int32 sums of (x - x_zero) * (w - w_zero).

#include "bitwright/graph/ops/linear_code.h"
#include "bitwright/graph/window.h"

namespace bw::ops {

inline Expected<std::vector<Window>> CodeWindows(const Node& node, const Shape& x, const Shape& w) {
  const std::int64_t group = node.attributes.Int("group", 1);
  if (x.size() < 3 || x.size() > 5 || w.size() != x.size()) {
    return Fail("inputs are {} and {}, both need the same 3 to 5 axes", ShapeText(x), ShapeText(w));
  }
  if (group < 1 || x[1] != w[1] * group || w[0] < 1 || w[0] % group != 0) {
    return Fail("weights {} do not fit input {} in {} groups", ShapeText(w), ShapeText(x), group);
  }
  return MakeWindows(node.attributes, std::span(x).subspan(2), std::span(w).subspan(2),
                     Rounding::kFloor);
}

// The codes less their zero points: one for all, or one for each slice of axis 0.
inline std::vector<std::int32_t> Centred(const ConstTensorRef& codes,
                                         const std::vector<double>& zeros) {
  std::vector<std::int32_t> centred(static_cast<std::size_t>(codes.size()));
  DispatchNumeric(codes.dtype, [&]<typename T>() {
    const auto from = codes.span<T>();
    const std::size_t run =
        zeros.empty() ? 1 : std::max<std::size_t>(from.size() / zeros.size(), 1);
    for (std::size_t i = 0; i < from.size(); ++i) {
      centred[i] = static_cast<std::int32_t>(static_cast<double>(from[i]) - zeros[i / run]);
    }
  });
  return centred;
}

// Sums in int32 that wrap; y [N, M, ...].
inline std::vector<std::int32_t> ConvolveCodes(const Node& node, const Shape& x, const Shape& w,
                                               std::span<const std::int32_t> input,
                                               std::span<const std::int32_t> weights) {
  const std::array<Window, 3> axes = ThreeAxes(CodeWindows(node, x, w).value());
  const auto& [d, h, v] = axes;
  const std::int64_t image = d.in * h.in * v.in, filters = w[0] / node.attributes.Int("group", 1);
  const std::int64_t taps = d.kernel * h.kernel * v.kernel, points = d.out * h.out * v.out;
  std::vector<std::int32_t> y(static_cast<std::size_t>(x[0] * w[0] * points));
  for (std::int64_t o = 0; o < x[0] * w[0] * points; ++o) {
    const std::int64_t point = o % points, m = o / points % w[0], n = o / points / w[0];
    std::uint32_t sum = 0;
    for (std::int64_t k = 0; k < w[1] * taps; ++k) {
      const std::int64_t c = k / taps, tap = k % taps;
      const std::int64_t id = point / (h.out * v.out) * d.stride +
                              tap / (h.kernel * v.kernel) * d.dilation - d.pad_begin;
      const std::int64_t ih =
          point / v.out % h.out * h.stride + tap / v.kernel % h.kernel * h.dilation - h.pad_begin;
      const std::int64_t iw = point % v.out * v.stride + tap % v.kernel * v.dilation - v.pad_begin;
      if (id < 0 || id >= d.in || ih < 0 || ih >= h.in || iw < 0 || iw >= v.in) continue;
      const std::int64_t at =
          (n * x[1] + m / filters * w[1] + c) * image + (id * h.in + ih) * v.in + iw;
      sum += static_cast<std::uint32_t>(input[static_cast<std::size_t>(at)]) *
             static_cast<std::uint32_t>(weights[static_cast<std::size_t>(m * w[1] * taps + k)]);
    }
    y[static_cast<std::size_t>(o)] = static_cast<std::int32_t>(sum);
  }
  return y;
}

}  // namespace bw::ops
