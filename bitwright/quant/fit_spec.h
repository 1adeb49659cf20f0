#pragma once
// A spec made ready for one tensor: scales chosen, and the values of a fitted element format
// (lut<N>, s2fp8) learned.

#include "bitwright/quant/scale_method.h"

namespace bw {

struct ReadySpec {
  QuantSpec spec;  // its element is no longer to be fitted
  QuantParams params;
};

// Scales by ChooseScales; a format to be fitted is then fitted to the values divided by their
// scales, each weighted by the square of its scale, so that the squared error of the tensor itself
// is what is least.
Expected<ReadySpec> ReadySpecFor(std::span<const float> values, const Grouping& grouping,
                                 const QuantSpec& spec, std::string_view method);

// The format was fitted to a tensor: its values are stored with it.
bool IsFitted(const Format& format);

// Bytes of those values, as float32: 0 for formats that are not fitted.
std::int64_t TableBytes(const Format& format);

}  // namespace bw
