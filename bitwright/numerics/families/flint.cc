// flint, between float and int, coded by the first one. With n magnitude bits:
//   0...         the word itself, an integer below 2^(n-1)
//   1 0^z 1 f    (1 + f) * 2^(n-1+z), f = the n-2-z bits after the second one
//   1 0...0      2^(2n-2)

#include <bit>
#include <cmath>

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"
#include "bitwright/numerics/sign_magnitude.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"flint2", "flint3", "flint4",  "flint5",  "flint6",
                                          "flint7", "flint8", "uflint3", "uflint4", "uflint8"};

double DecodeMagnitude(Code word, int n) {
  const Code top = Code{1} << (n - 1);
  if (word < top) return static_cast<double>(word);
  const Code rest = word - top;
  if (rest == 0) return std::ldexp(1.0, 2 * n - 2);
  const int width = static_cast<int>(std::bit_width(rest));  // of the second one and its fraction
  const int zeros = n - 1 - width;
  return std::ldexp(static_cast<double>(rest), n - 1 + zeros - (width - 1));
}

Expected<FormatDef> Define(std::string_view name, const FormatParts& parts) {
  BW_TRY(CheckParameter(name, "width", parts.bits, 1 + parts.sign_bits(), 16));
  const auto magnitude = [n = parts.bits - parts.sign_bits()](Code word) {
    return DecodeMagnitude(word, n);
  };
  return FormatDef{std::string(name), parts.bits,
                   SignMagnitude(parts.is_signed, parts.bits, magnitude)};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<FormatParts> parts = PartsAfter(name, "flint");
  if (!parts) return std::nullopt;
  return Define(name, *parts);
}

}  // namespace

BW_ENTRY(FormatFamily, flint) = {"flint",
                                 "flint<N> uflint<N>",
                                 "integers below, powers of two above, the first one selects",
                                 "ANT, MICRO 2022, arXiv 2208.14286",
                                 kExamples,
                                 Parse};

}  // namespace bw::families
