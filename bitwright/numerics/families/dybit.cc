// DyBit: a run of k leading ones in the magnitude word selects the exponent, the bits after its
// closing zero are the fraction. With n magnitude bits:
//   k = 0           f / 2^(n-1)                       f = low n-1 bits
//   1 <= k <= n-1   2^(k-1) * (1 + f / 2^(n-1-k))     f = low n-1-k bits
//   k = n           2^(n-1)

#include <bit>
#include <cmath>

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"dybit2",  "dybit3",  "dybit4",  "dybit5",  "dybit6",
                                          "dybit7",  "dybit8",  "udybit2", "udybit3", "udybit4",
                                          "udybit5", "udybit6", "udybit7", "udybit8"};

double DecodeMagnitude(Code word, int n) {
  const int k = std::countl_one(word << (32 - n));
  if (k == n) return std::ldexp(1.0, n - 1);
  const int fraction_bits = n - 1 - k;
  const Code f = word & ((Code{1} << fraction_bits) - 1);
  if (k == 0) return std::ldexp(static_cast<double>(f), 1 - n);
  return std::ldexp(static_cast<double>((Code{1} << fraction_bits) | f), k - 1 - fraction_bits);
}

double DecodeSigned(Code code, int bits) {
  const Code sign = Code{1} << (bits - 1);
  const double magnitude = DecodeMagnitude(code & (sign - 1), bits - 1);
  return (code & sign) != 0 ? -magnitude : magnitude;
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const bool is_signed = !name.starts_with('u');
  const std::optional<int> bits = NumberAfter(name, is_signed ? "dybit" : "udybit");
  if (!bits) return std::nullopt;
  if (auto range = CheckParameter(name, "width", *bits, is_signed ? 2 : 1, 16); !range) {
    return tl::unexpected(range.error());
  }
  return FormatDef{std::string(name), *bits, [n = *bits, is_signed](Code code) {
                     return is_signed ? DecodeSigned(code, n) : DecodeMagnitude(code, n);
                   }};
}

}  // namespace

BW_ENTRY(FormatFamily, dybit) = {"dybit",
                                 "dybit<N> udybit<N>",
                                 "exponent as a run of ones, tapered precision",
                                 "DyBit, TCAD 2023, arXiv 2302.12510",
                                 kExamples,
                                 Parse};

}  // namespace bw::families
