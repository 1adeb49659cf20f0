#pragma once
// The windows of a convolution or pool (graph/window.h) in oneDNN's terms.

#include <dnnl.hpp>
#include <vector>

#include "bitwright/graph/window.h"

namespace bw::kernels {

// One entry per spatial axis. oneDNN counts the gaps between taps where ONNX counts the step.
struct Axes {
  dnnl::memory::dims kernel, strides, gaps, before, after;
};

inline Axes MakeAxes(const std::vector<ops::Window>& windows) {
  Axes axes;
  for (const ops::Window& window : windows) {
    axes.kernel.push_back(window.kernel);
    axes.strides.push_back(window.stride);
    axes.gaps.push_back(window.dilation - 1);
    axes.before.push_back(window.pad_begin);
    axes.after.push_back(window.pad_end);
  }
  return axes;
}

// The extents after batch and channels.
inline std::vector<std::int64_t> Spatial(const Shape& shape) {
  return {shape.begin() + 2, shape.end()};
}

}  // namespace bw::kernels
