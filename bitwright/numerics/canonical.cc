#include "bitwright/numerics/canonical.h"

#include <cmath>

namespace bw {

Code Canonical::Exponent(Code code) const {
  return (code >> fraction_bits) & ((Code{1} << exponent_bits) - 1);
}

Code Canonical::Fraction(Code code) const { return code & ((Code{1} << fraction_bits) - 1); }

double Canonical::Sign(Code code) const {
  return is_signed && (code >> (bits() - 1) & 1) != 0 ? -1.0 : 1.0;
}

double Canonical::Decode(Code code) const {
  const int exponent = static_cast<int>(Exponent(code));
  const Code fraction = Fraction(code);
  const Code significand = exponent == 0 ? fraction : fraction | Code{1} << fraction_bits;
  const int power = (exponent == 0 ? 1 : exponent) - bias - fraction_bits;
  return Sign(code) * std::ldexp(static_cast<double>(significand), power);
}

}  // namespace bw
