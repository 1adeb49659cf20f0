// Additive powers of two: the sum of n = floor(b / 2) terms of two bits and, for odd b, a term of
// one bit, b magnitude bits. A term of two bits is 0 or one of three powers. The powers 2^-1, 2^-2,
// ... go round the terms; the term of one bit has one power and takes its turn in the last round,
// before the others, as in the authors' code (where b = 2..6; the same rule gives 7 and 8):
//   b = 4   {0, 2^-1, 2^-3, 2^-5} + {0, 2^-2, 2^-4, 2^-6}
//   b = 3   {0, 2^-1, 2^-2, 2^-4} + {0, 2^-3}
// The code holds the terms in this order from the top, the term of one bit last; a field of 0 is 0
// and the others ascend with the power, which is our choice: the paper gives no code. The paper
// divides by the greatest sum, which is left to the scale.

#include <cmath>

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"
#include "bitwright/numerics/sign_magnitude.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"apot3", "apot4", "apot5",  "apot6",  "apot7",
                                          "apot8", "apot9", "uapot4", "uapot6", "uapot8"};

// The exponent of field value 1, 2 or 3 of a two-bit term.
int TermExponent(int term, int field, int terms, bool odd) {
  const int round = 3 - field;  // the greatest power is of the first round
  const int skipped = odd && round == 2 ? 1 : 0;
  return -(round * terms + skipped + term + 1);
}

double DecodeMagnitude(Code word, int bits) {
  const int terms = bits / 2;
  const bool odd = bits % 2 != 0;
  double sum = odd && (word & 1) != 0 ? std::ldexp(1.0, -(2 * terms + 1)) : 0.0;
  for (int term = 0; term < terms; ++term) {
    const int field = static_cast<int>(word >> (bits - 2 * (term + 1))) & 3;
    if (field != 0) sum += std::ldexp(1.0, TermExponent(term, field, terms, odd));
  }
  return sum;
}

Expected<FormatDef> Define(std::string_view name, const FormatParts& parts) {
  BW_TRY(CheckParameter(name, "width", parts.bits, 2 + parts.sign_bits(), 8 + parts.sign_bits()));
  const auto magnitude = [n = parts.bits - parts.sign_bits()](Code word) {
    return DecodeMagnitude(word, n);
  };
  return FormatDef{std::string(name), parts.bits,
                   SignMagnitude(parts.is_signed, parts.bits, magnitude)};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<FormatParts> parts = PartsAfter(name, "apot");
  if (!parts) return std::nullopt;
  return Define(name, *parts);
}

}  // namespace

BW_ENTRY(FormatFamily, apot) = {"apot",
                                "apot<N> uapot<N>",
                                "sums of powers of two, one of four for each two bits",
                                "APoT, ICLR 2020, arXiv 1909.13144",
                                kExamples,
                                Parse};

}  // namespace bw::families
