#pragma once
// Where 0 stands in a format, and what rounds to it, told by x itself.

#include <cstddef>
#include <optional>

#include "bitwright/numerics/format.h"

namespace bw {

// The place of 0 among the values, where those below are none or the mirror image of those above.
std::optional<std::size_t> MirroredZero(const Format& format);

// The threshold between 0 and the least value above it: a ratio of so few bits that its product
// with a scale is exact in double, and a float's distance from that product never lost in the
// quotient.
struct ZeroBound {
  float threshold = 0;
  bool tie_up = false;  // whether the threshold itself rounds up
  // Whether the format's threshold is such a one; false too where 0 is not a value.
  bool Set(const Format& format);
  // The greatest magnitude that rounds to 0.
  float Greatest(float scale) const;
};

}  // namespace bw
