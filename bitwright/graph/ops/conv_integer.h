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

// Adds weight * x to the outputs of one image that tap (kd, kh, kw) reaches, row by row.
inline void AddTap(const std::array<Window, 3>& axes, std::int64_t tap, const std::int32_t* x,
                   std::uint32_t weight, std::uint32_t* y) {
  const auto& [d, h, w] = axes;
  const std::int64_t kw = tap % w.kernel;
  const auto first = [](const Window& a, std::int64_t k) {
    const std::int64_t before = a.pad_begin - k * a.dilation;
    return before > 0 ? (before + a.stride - 1) / a.stride : 0;
  };
  const auto end = [](const Window& a, std::int64_t k) {
    const std::int64_t reach = a.in + a.pad_begin - k * a.dilation;
    return reach <= 0 ? 0 : std::min(a.out, (reach - 1) / a.stride + 1);
  };
  const std::int64_t kd = tap / (h.kernel * w.kernel), kh = tap / w.kernel % h.kernel;
  for (std::int64_t od = first(d, kd); od < end(d, kd); ++od) {
    for (std::int64_t oh = first(h, kh); oh < end(h, kh); ++oh) {
      const std::int64_t id = od * d.stride + kd * d.dilation - d.pad_begin;
      const std::int64_t ih = oh * h.stride + kh * h.dilation - h.pad_begin;
      const std::int32_t* row = x + (id * h.in + ih) * w.in + kw * w.dilation - w.pad_begin;
      std::uint32_t* out = y + (od * h.out + oh) * w.out;
      for (std::int64_t ow = first(w, kw); ow < end(w, kw); ++ow) {
        out[ow] += static_cast<std::uint32_t>(row[ow * w.stride]) * weight;
      }
    }
  }
}

// Sums in int32 that wrap; y [N, M, ...].
inline std::vector<std::int32_t> ConvolveCodes(const Node& node, const Shape& x, const Shape& w,
                                               std::span<const std::int32_t> input,
                                               std::span<const std::int32_t> weights) {
  const std::array<Window, 3> axes = ThreeAxes(CodeWindows(node, x, w).value());
  const auto& [d, h, v] = axes;
  const std::int64_t image = d.in * h.in * v.in, filters = w[0] / node.attributes.Int("group", 1);
  const std::int64_t taps = d.kernel * h.kernel * v.kernel, points = d.out * h.out * v.out;
  std::vector<std::uint32_t> y(static_cast<std::size_t>(x[0] * w[0] * points), 0);
  for (std::int64_t o = 0; o < x[0] * w[0]; ++o) {
    const std::int64_t m = o % w[0], n = o / w[0];
    for (std::int64_t k = 0; k < w[1] * taps; ++k) {
      const std::int32_t weight = weights[static_cast<std::size_t>(m * w[1] * taps + k)];
      const std::int64_t channel = n * x[1] + m / filters * w[1] + k / taps;
      AddTap(axes, k % taps, input.data() + channel * image, static_cast<std::uint32_t>(weight),
             y.data() + o * points);
    }
  }
  return {y.begin(), y.end()};
}

}  // namespace bw::ops
