#pragma once
// Where a weight's elements are, by what they multiply.

#include "bitwright/base/check.h"
#include "bitwright/quant/layer_inputs.h"

namespace bw {

// Element indices of a weight by (output channel, column of its channel's input vector).
struct WeightLayout {
  std::int64_t channels, length;
  bool rows_first;

  static WeightLayout Of(const Tensor& weight, const LayerInputs& inputs) {
    const WeightLayout layout{weight.shape()[static_cast<std::size_t>(inputs.channel_axis)],
                              inputs.length, inputs.channel_axis == 0};
    BW_CHECK(!inputs.empty() && weight.size() == layout.channels * layout.length);
    return layout;
  }
  std::int64_t operator()(std::int64_t channel, std::int64_t column) const {
    return rows_first ? channel * length + column : column * channels + channel;
  }
};

}  // namespace bw
