#pragma once
// Sliding windows of convolution and pooling.

#include <array>
#include <span>
#include <vector>

#include "bitwright/graph/checks.h"

namespace bw::ops {

// One spatial axis: output o, tap k reads input o * stride + k * dilation - pad_begin.
struct Window {
  std::int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad_begin = 0, pad_end = 0;
  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

enum class Rounding { kFloor, kCeil };

// Windows of Conv and the pools from the attributes strides, dilations, pads, auto_pad. `rounding`
// is how a last window that does not fit is treated; one that would start in the end padding is
// dropped.
Expected<std::vector<Window>> MakeWindows(const Attributes& attributes,
                                          std::span<const std::int64_t> input,
                                          std::span<const std::int64_t> kernel, Rounding rounding);

// Windows of ConvTranspose, where `in` and `out` are those of the op: input i, tap k adds to output
// i * stride + k * dilation - pad_begin. Reads output_padding and output_shape too.
Expected<std::vector<Window>> MakeTransposedWindows(const Attributes& attributes,
                                                    std::span<const std::int64_t> input,
                                                    std::span<const std::int64_t> kernel);

// Padded in front with trivial axes to three; BW_CHECKs that there are no more.
std::array<Window, 3> ThreeAxes(std::span<const Window> windows);

// OpDef::macs of convolutions whose input 1 is the weight, filters first: each output element meets
// one filter.
std::int64_t ConvolutionMacs(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs);

}  // namespace bw::ops
