// Powers of two, canonical <1,N-1,0,B>: 0 and +-2^(E-B), E = 1..2^ne-1, B = 2^(ne-1)-1, ne exponent
// bits.

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"exp2", "exp3",  "exp4",  "exp5",  "exp6",  "exp7",
                                          "exp8", "uexp2", "uexp3", "uexp4", "uexp5", "uexp7"};
// Eight exponent bits would reach 2^128, above the largest float.
constexpr int kMaxExponentBits = 7;

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const bool is_signed = !name.starts_with('u');
  const std::optional<int> bits = NumberAfter(name, is_signed ? "exp" : "uexp");
  if (!bits) return std::nullopt;
  const int sign_bits = is_signed ? 1 : 0;
  auto range = CheckParameter(name, "width", *bits, 1 + sign_bits, kMaxExponentBits + sign_bits);
  if (!range) return tl::unexpected(range.error());
  const int exponent_bits = *bits - sign_bits;
  const Canonical form{is_signed, exponent_bits, 0, StandardBias(exponent_bits)};
  return FormatDef{std::string(name), *bits, [form](Code code) { return form.Decode(code); }};
}

}  // namespace

BW_ENTRY(FormatFamily, exp) = {
    "exp", "exp<N> uexp<N>", "zero and powers of two", "libnumber, PACT 2018", kExamples, Parse};

}  // namespace bw::families
