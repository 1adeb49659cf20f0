#pragma once
// ConvLast of one filter for each channel: a direct kernel that goes along rows of pixels.

#include <vector>

#include "bitwright/graph/window.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// Of x [N, H, W, C] and as many output channels, weights and bias constant; null where vectors of
// channels do not fit. Sums the bias first, then the taps in row-major order, one rounding each.
std::unique_ptr<Kernel> MakeDepthwise(const Node& node, const Shape& x,
                                      const std::vector<ops::Window>& windows);

}  // namespace bw::kernels
