// AdaptivFloat: floating point of E exponent and m fraction bits without subnormals,
//   (1 + F * 2^-m) * 2^(exponent - B),
// whose least code, exponent and fraction 0, is zero. The paper moves the bias for each tensor;
// that is a power-of-two scale, so the element's own is B = 2^(E-1) - 1.

#include <cmath>

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"
#include "bitwright/numerics/sign_magnitude.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"adaptivfloat3_1", "adaptivfloat4_2", "adaptivfloat5_2",
                                          "adaptivfloat5_3", "adaptivfloat6_3", "adaptivfloat7_3",
                                          "adaptivfloat8_3", "adaptivfloat8_4", "uadaptivfloat4_2",
                                          "uadaptivfloat8_3"};
constexpr int kMaxExponentBits = 7;

Expected<FormatDef> Define(std::string_view name, const FormatParts& parts) {
  BW_TRY(CheckParameter(name, "width", parts.bits, 1 + parts.sign_bits(), 16));
  const int word_bits = parts.bits - parts.sign_bits();
  BW_TRY(CheckParameter(name, "number of exponent bits", parts.detail, 1,
                        std::min(kMaxExponentBits, word_bits)));
  const int fraction_bits = word_bits - parts.detail;
  const int least = -StandardBias(parts.detail) - fraction_bits;
  const auto magnitude = [fraction_bits, least](Code word) {
    if (word == 0) return 0.0;
    const Code one = Code{1} << fraction_bits;
    const int exponent = static_cast<int>(word >> fraction_bits);
    return std::ldexp(static_cast<double>((word & (one - 1)) | one), exponent + least);
  };
  return FormatDef{std::string(name), parts.bits,
                   SignMagnitude(parts.is_signed, parts.bits, magnitude)};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<FormatParts> parts = DetailedPartsAfter(name, "adaptivfloat");
  if (!parts) return std::nullopt;
  return Define(name, *parts);
}

}  // namespace

BW_ENTRY(FormatFamily, adaptivfloat) = {"adaptivfloat",
                                        "adaptivfloat<N>_<E> uadaptivfloat<N>_<E>",
                                        "floating point without subnormals, the least code is zero",
                                        "AdaptivFloat, DAC 2020, arXiv 1909.13271",
                                        kExamples,
                                        Parse};

}  // namespace bw::families
