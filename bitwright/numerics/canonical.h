#pragma once
// The canonical number <ns,ne,nf,B> (libnumber, PACT 2018, eq. 1): sign, exponent and fraction
// fields.

#include "bitwright/numerics/format.h"

namespace bw {

// value = (-1)^S * (1 + F*2^-nf) * 2^(E-B) for E != 0, (-1)^S * F*2^-nf * 2^(1-B) for E == 0. All
// codes are finite.
struct Canonical {
  bool is_signed = true;
  int exponent_bits = 0;
  int fraction_bits = 0;
  int bias = 0;

  int bits() const { return (is_signed ? 1 : 0) + exponent_bits + fraction_bits; }
  // The exponent field of a code.
  Code Exponent(Code code) const;
  // The fraction field of a code.
  Code Fraction(Code code) const;
  // The sign as a factor, 1 or -1.
  double Sign(Code code) const;
  double Decode(Code code) const;
};

// 2^(ne-1) - 1, the bias of IEEE 754; 0 for one exponent bit.
constexpr int StandardBias(int exponent_bits) { return (1 << (exponent_bits - 1)) - 1; }

}  // namespace bw
