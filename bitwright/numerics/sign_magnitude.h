#pragma once
// Formats whose top bit is the sign of the magnitude that the other bits denote.

#include <cmath>
#include <functional>

#include "bitwright/numerics/format.h"

namespace bw {

// The decode function of a code of `bits` bits: sign, then the word that `magnitude` reads; without
// a sign all bits are the word.
template <typename Magnitude>
std::function<double(Code)> SignMagnitude(bool is_signed, int bits, Magnitude magnitude) {
  if (!is_signed) return [magnitude](Code code) -> double { return magnitude(code); };
  const Code sign = Code{1} << (bits - 1);
  return [magnitude, sign](Code code) -> double {
    const double value = magnitude(code & (sign - 1));
    return (code & sign) != 0 ? -value : value;
  };
}

}  // namespace bw
