// Elastic significant bits, canonical <1,N-1-K,K,1>: K bits after the leading one, the other bits
// are the exponent. K = 0 gives powers of two, K = N-2 a linear grid. The unsigned form spends the
// sign bit on the exponent.

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {
    "esb2_0", "esb3_0", "esb3_1",  "esb4_0",  "esb4_1",  "esb4_2",  "esb5_1",  "esb5_2",
    "esb5_3", "esb6_2", "esb6_3",  "esb6_4",  "esb7_3",  "esb7_4",  "esb7_5",  "esb8_4",
    "esb8_5", "esb8_6", "uesb2_0", "uesb3_1", "uesb4_1", "uesb4_2", "uesb6_4", "uesb8_6"};
// Eight exponent bits would reach 2^254, above the largest float.
constexpr int kMaxExponentBits = 7;

Expected<FormatDef> Define(std::string_view name, bool is_signed, int bits, int k) {
  const int sign_bits = is_signed ? 1 : 0;
  BW_TRY(CheckParameter(name, "width", bits, 1 + sign_bits, 16));
  const int magnitude_bits = bits - sign_bits;
  const int least = magnitude_bits > kMaxExponentBits ? magnitude_bits - kMaxExponentBits : 0;
  BW_TRY(CheckParameter(name, "number of significant bits", k, least, magnitude_bits - 1));
  const Canonical form{is_signed, magnitude_bits - k, k, 1};
  return FormatDef{std::string(name), bits, [form](Code code) { return form.Decode(code); }};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  std::string_view rest = name;
  const bool is_signed = !ConsumePrefix(rest, "u");
  if (!ConsumePrefix(rest, "esb")) return std::nullopt;
  const std::optional<int> bits = ConsumeNumber(rest);
  if (!bits || !ConsumePrefix(rest, "_")) return std::nullopt;
  const std::optional<int> k = ConsumeNumber(rest);
  if (!k || !rest.empty()) return std::nullopt;
  return Define(name, is_signed, *bits, *k);
}

}  // namespace

BW_ENTRY(FormatFamily, esb) = {"esb",
                               "esb<N>_<K> uesb<N>_<K>",
                               "elastic significant bits: K of N bits after the leading one",
                               "ESB, TPDS 2022, arXiv 2109.03513",
                               kExamples,
                               Parse};

}  // namespace bw::families
