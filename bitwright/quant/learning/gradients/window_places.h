#pragma once
// What lies under each window of a pool.

#include <array>

#include "bitwright/graph/ops/pool.h"

namespace bw::gradients {

// f(output element, first input element of its plane, offsets within the plane, taps in the
// padding) for each output of a pool over `shape`, in order.
template <typename F>
void ForEachWindow(const std::array<ops::Window, 3>& axes, std::int64_t planes, F f) {
  const auto& [d, h, w] = axes;
  std::vector<std::int64_t> offsets;
  std::int64_t output = 0;
  const std::int64_t points = d.out * h.out * w.out, taps = d.kernel * h.kernel * w.kernel;
  for (std::int64_t point = 0; point < points; ++point, ++output) {
    const std::int64_t od = point / (h.out * w.out), oh = point / w.out % h.out, ow = point % w.out;
    std::int64_t padding = 0;
    offsets.clear();
    for (std::int64_t k = 0; k < taps; ++k) {
      const std::int64_t id = od * d.stride + k / (h.kernel * w.kernel) * d.dilation - d.pad_begin;
      const std::int64_t ih = oh * h.stride + k / w.kernel % h.kernel * h.dilation - h.pad_begin;
      const std::int64_t iw = ow * w.stride + k % w.kernel * w.dilation - w.pad_begin;
      if (id >= d.in + d.pad_end || ih >= h.in + h.pad_end || iw >= w.in + w.pad_end) continue;
      if (id < 0 || ih < 0 || iw < 0 || id >= d.in || ih >= h.in || iw >= w.in) {
        ++padding;
      } else {
        offsets.push_back((id * h.in + ih) * w.in + iw);
      }
    }
    for (std::int64_t plane = 0; plane < planes; ++plane) {
      f(plane * points + point, plane * d.in * h.in * w.in, offsets, padding);
    }
  }
}

// The windows and number of planes of a pool node.
struct PoolPlaces {
  std::array<ops::Window, 3> axes;
  std::int64_t planes = 0;
};

inline Expected<PoolPlaces> MakePoolPlaces(const Node& node, const Shape& shape) {
  BW_ASSIGN(const auto windows, ops::PoolWindows(node, shape));
  return PoolPlaces{ops::ThreeAxes(windows), shape[0] * shape[1]};
}

}  // namespace bw::gradients
