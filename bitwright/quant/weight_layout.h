#pragma once
// Where a weight's elements are, by what they multiply.

#include "bitwright/base/check.h"
#include "bitwright/quant/layer_inputs.h"

namespace bw {

// Element indices of a weight by (output channel, column of its channel's input vector). A weight
// whose channel axis is 0 is [channels, columns...]; of axis 1 it is [inputs, channels, taps...],
// its columns are (input, tap), and groups are parts of the inputs.
struct WeightLayout {
  std::int64_t channels, length;  // channels: of all groups
  std::int64_t groups = 1, taps = 1;
  bool rows_first = true;

  static WeightLayout Of(const Tensor& weight, const LayerInputs& inputs) {
    WeightLayout layout{0, inputs.length, inputs.groups, 1, inputs.channel_axis == 0};
    const Shape& shape = weight.shape();
    layout.channels = layout.rows_first ? shape[0] : shape[1] * inputs.groups;
    for (std::size_t axis = 2; axis < shape.size(); ++axis) layout.taps *= shape[axis];
    BW_CHECK(!inputs.empty() && weight.size() == layout.channels * layout.length);
    return layout;
  }
  std::int64_t operator()(std::int64_t channel, std::int64_t column) const {
    if (rows_first) return channel * length + column;
    const std::int64_t second = channels / groups, inputs = length / taps;
    const std::int64_t first = channel / second * inputs + column / taps;
    return (first * second + channel % second) * taps + column % taps;
  }
};

}  // namespace bw
