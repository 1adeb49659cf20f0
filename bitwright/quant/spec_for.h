#pragma once
// A spec as a user writes it once for a whole network, made to fit one tensor.

#include <string_view>

#include "bitwright/quant/calibration.h"
#include "bitwright/quant/targets.h"

namespace bw {

// For a weight: the grain 'c' without an axis is its output channels, 'b<size>' runs along its
// reduction (a block that does not divide it ends in a shorter one, as tiles m1x<size>), and no
// grain at all means 'c'. "int4:fp16" -> int4:c0:fp16 for a convolution,
// int4:c1:fp16 for a [in, out] matrix.
Expected<QuantSpec> WeightSpec(std::string_view text, const QuantTarget& target);

// For an activation: per tensor, and the format's unsigned form where no negative value was seen
// ("int8" -> uint8). Blocks under e8m0 or two levels run along the channels, their scales follow
// from the values while the network runs ("mxfp4" -> e2m1:m32x1@1:e8m0); those that have a name of
// their own are always signed. A format that is fitted is fitted to the statistics' sample.
Expected<QuantSpec> ActivationSpec(std::string_view text, const ActivationStatistics& statistics);

}  // namespace bw
