#pragma once
// Scales from the values alone, by the rule of the format: what block formats do, and what can be
// done while a network runs.

#include <optional>

#include "bitwright/tensor/qtensor.h"

namespace bw {

// `scale` in the scale format: the nearest value. Fails when that is zero, or when `scale` lies
// above the greatest value by more than half the last gap.
Expected<float> HoldScale(double scale, const Format& scale_format);

// The scale of each group from its largest finite magnitude m, with M the element's greatest value:
//   e8m0         2^(floor(log2 m) - floor(log2 M)), held within 2^-127 to 2^127 (OCP MX v1.0, 6.3;
//                BitQ's shared exponent is the same, with its range)
//   two levels   outer = m of the tensor / (M * greatest block scale), block scale = the nearest
//                value to m / (M * outer), at least the least positive one (NVFP4)
//   otherwise    the nearest value to m / M; fails where the format cannot hold it
// A group of zeros gets the value nearest to 1. Fails on an asymmetric spec.
// The outer scale of two levels may be given: block scales beyond the format's greatest then stay
// there.
Expected<QuantParams> BlockScales(std::span<const float> values, const Grouping& grouping,
                                  const QuantSpec& spec, std::optional<float> outer = {});

// The outer scale of two levels for a tensor with this largest magnitude.
float OuterScale(double magnitude, const QuantSpec& spec);

// A spec whose scales can be found while a network runs, and never fail: symmetric blocks or tiles
// under powers of two (e8m0) or two levels.
bool IsDynamic(const QuantSpec& spec);

// Rounds in place under BlockScales of the values themselves. The spec must be IsDynamic.
void FakeQuantizeDynamic(std::span<float> values, const Grouping& grouping, const QuantSpec& spec,
                         float outer);

}  // namespace bw
