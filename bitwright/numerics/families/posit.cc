// Posits: after the sign a run of r equal bits and its end (the regime), ES exponent bits, the
// rest is the fraction; missing low bits are 0.
//   value = (1 + f) * 2^(k * 2^ES + e), k = r - 1 for a run of ones, -r for a run of zeros
// Negative codes are the two's complement of the positive ones. 0...0 is zero; 10...0 is NaR, which
// decodes to NaN. ES is 2 in the standard; posit<N> is read as posit<N>_2. The unsigned form has no
// sign bit: the values of posit<N+1>_<ES> that are not negative.
//
// Rounding is ours: to the nearest value, so that little enough becomes 0; the standard rounds in
// the bit string and never to 0.

#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"posit3_0",  "posit4_0",  "posit4_1", "posit4_2",
                                          "posit5_1",  "posit6_1",  "posit6_2", "posit7_1",
                                          "posit8_0",  "posit8_1",  "posit8_2", "posit16_2",
                                          "uposit4_1", "uposit8_1", "uposit8_2"};
constexpr int kMaxPower = 126;  // of two, of the greatest value: well inside float32

// The word is the n bits after the sign, not 0.
double DecodeMagnitude(Code word, int n, int es) {
  const Code aligned = word << (32 - n);
  const bool ones = (aligned >> 31) != 0;
  const int run = std::min(n, ones ? std::countl_one(aligned) : std::countl_zero(aligned));
  const int regime = ones ? run - 1 : -run;
  const int left = std::max(0, n - run - 1);  // bits after the regime and its end
  const Code rest = word & ((Code{1} << left) - 1);
  const int exponent_bits = std::min(es, left);
  const int fraction_bits = left - exponent_bits;
  const Code exponent = (rest >> fraction_bits) << (es - exponent_bits);
  const Code fraction = rest & ((Code{1} << fraction_bits) - 1);
  const int power = regime * (1 << es) + static_cast<int>(exponent);
  return std::ldexp(static_cast<double>(fraction | Code{1} << fraction_bits),
                    power - fraction_bits);
}

double Decode(const FormatParts& parts, Code code) {
  if (code == 0) return 0;
  const int n = parts.bits - parts.sign_bits();
  const Code sign = Code{1} << n;
  if (code < sign) return DecodeMagnitude(code, n, parts.detail);
  if (code == sign) return std::numeric_limits<double>::quiet_NaN();
  return -DecodeMagnitude(2 * sign - code, n, parts.detail);
}

Expected<FormatDef> Define(std::string_view name, const FormatParts& parts) {
  BW_TRY(CheckParameter(name, "width", parts.bits, 1 + parts.sign_bits(), 16));
  const int n = parts.bits - parts.sign_bits();
  const int most = n == 1 ? 4 : std::bit_width(static_cast<unsigned>(kMaxPower / (n - 1))) - 1;
  BW_TRY(CheckParameter(name, "number of exponent bits", parts.detail, 0, std::min(4, most)));
  return FormatDef{
      fmt::format("{}posit{}_{}", parts.is_signed ? "" : "u", parts.bits, parts.detail), parts.bits,
      [parts](Code code) { return Decode(parts, code); }};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (const auto parts = DetailedPartsAfter(name, "posit")) return Define(name, *parts);
  std::optional<FormatParts> parts = PartsAfter(name, "posit");
  if (!parts) return std::nullopt;
  parts->detail = 2;
  return Define(name, *parts);
}

}  // namespace

BW_ENTRY(FormatFamily, posit) = {"posit",
                                 "posit<N>[_<ES>] uposit<N>[_<ES>]",
                                 "tapered floating point, the regime a run of equal bits",
                                 "Standard for Posit Arithmetic (2022)",
                                 kExamples,
                                 Parse};

}  // namespace bw::families
