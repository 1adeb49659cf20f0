#pragma once
// The sliding window of convolutions and pools: the ONNX attributes with defaults and auto_pad
// resolved.

#include <algorithm>
#include <string>
#include <vector>

#include "bitwright/graph/graph.h"

namespace bw::kernels {

struct Window {
  std::vector<std::int64_t> kernel, strides, dilations, before, after;
};

// `input` and `output` are full shapes, [batch, channels, spatial...]; `kernel` has the spatial
// extents. With auto_pad the padding follows from the shapes: an odd one goes to the end for
// SAME_UPPER and to the beginning for SAME_LOWER.
inline Window MakeWindow(const Attributes& attributes, std::vector<std::int64_t> kernel,
                         const Shape& input, const Shape& output) {
  const std::size_t rank = kernel.size();
  Window window;
  window.strides = attributes.Ints("strides", std::vector<std::int64_t>(rank, 1));
  window.dilations = attributes.Ints("dilations", std::vector<std::int64_t>(rank, 1));
  const auto pads = attributes.Ints("pads", std::vector<std::int64_t>(2 * rank, 0));
  const std::string automatic = attributes.String("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < rank; ++i) {
    std::int64_t before = 0;
    std::int64_t after = 0;
    if (automatic == "NOTSET" || automatic.empty()) {
      before = pads[i];
      after = pads[i + rank];
    } else if (automatic != "VALID") {
      const std::int64_t reach =
          (output[i + 2] - 1) * window.strides[i] + (kernel[i] - 1) * window.dilations[i] + 1;
      const std::int64_t total = std::max<std::int64_t>(0, reach - input[i + 2]);
      before = automatic == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
      after = total - before;
    }
    window.before.push_back(before);
    window.after.push_back(after);
  }
  window.kernel = std::move(kernel);
  return window;
}

// oneDNN counts the gaps between taps.
inline std::vector<std::int64_t> Gaps(const Window& window) {
  std::vector<std::int64_t> gaps = window.dilations;
  for (std::int64_t& gap : gaps) --gap;
  return gaps;
}

}  // namespace bw::kernels
