#pragma once
// Convolution whose output channels each read one input channel: a direct kernel on plain planes.

#include <vector>

#include "bitwright/graph/window.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// True for one or two spatial axes and one input channel per group.
bool IsChannelwise(const Shape& weight);

// Sums bias first, then the taps in row-major order, one rounding each.
std::unique_ptr<Kernel> MakeChannelwise(const Shape& input, const Shape& output,
                                        const std::vector<ops::Window>& windows);

}  // namespace bw::kernels
