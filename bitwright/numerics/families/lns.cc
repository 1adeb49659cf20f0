// Logarithmic numbers: sign and the logarithm of the magnitude with F fraction bits. Our
// definition: the word w after the sign, m bits, is in offset binary with 0 kept for zero,
//   w = 0   0
//   w > 0   2^((w - 2^(m-1)) / 2^F), rounded to float32
// so that codes ascend with magnitudes and a cleared code is zero. It is the set of the two's
// complement logarithm whose least word is zero.

#include <cmath>

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"
#include "bitwright/numerics/sign_magnitude.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"lns3_0",  "lns4_0",  "lns4_1",  "lns5_1", "lns5_2",
                                          "lns6_2",  "lns6_3",  "lns7_3",  "lns8_3", "lns8_4",
                                          "lns16_9", "ulns4_1", "ulns6_3", "ulns8_4"};
// Logarithms from -64 to 64: the values and their products are normal in float32.
constexpr int kMaxIntegerBits = 7;

Expected<FormatDef> Define(std::string_view name, const FormatParts& parts) {
  BW_TRY(CheckParameter(name, "width", parts.bits, 2 + parts.sign_bits(), 16));
  const int word_bits = parts.bits - parts.sign_bits();
  BW_TRY(CheckParameter(name, "number of fraction bits", parts.detail,
                        std::max(0, word_bits - kMaxIntegerBits), word_bits - 1));
  const auto magnitude = [zero = 1 << (word_bits - 1), fraction_bits = parts.detail](Code word) {
    if (word == 0) return 0.0;
    const double logarithm = std::ldexp(static_cast<int>(word) - zero, -fraction_bits);
    return static_cast<double>(static_cast<float>(std::exp2(logarithm)));
  };
  return FormatDef{std::string(name), parts.bits,
                   SignMagnitude(parts.is_signed, parts.bits, magnitude)};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<FormatParts> parts = DetailedPartsAfter(name, "lns");
  if (!parts) return std::nullopt;
  return Define(name, *parts);
}

}  // namespace

BW_ENTRY(FormatFamily, lns) = {"lns",
                               "lns<N>_<F> ulns<N>_<F>",
                               "zero and powers of two with F fraction bits in the exponent",
                               "Swartzlander, Alexopoulos, IEEE Trans. Computers 1975",
                               kExamples,
                               Parse};

}  // namespace bw::families
