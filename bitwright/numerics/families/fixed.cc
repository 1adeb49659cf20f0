// Sign-magnitude fixed point, canonical <1,0,N-1,0>: value = (-1)^S * F * 2^(1-nf), nf magnitude
// bits.

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"fixed2",  "fixed3",  "fixed4",  "fixed5",
                                          "fixed6",  "fixed7",  "fixed8",  "fixed16",
                                          "ufixed4", "ufixed8", "ufixed16"};

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const bool is_signed = !name.starts_with('u');
  const std::optional<int> bits = NumberAfter(name, is_signed ? "fixed" : "ufixed");
  if (!bits) return std::nullopt;
  if (auto range = CheckParameter(name, "width", *bits, is_signed ? 2 : 1, 16); !range) {
    return tl::unexpected(range.error());
  }
  const Canonical form{is_signed, 0, is_signed ? *bits - 1 : *bits, 0};
  return FormatDef{std::string(name), *bits, [form](Code code) { return form.Decode(code); }};
}

}  // namespace

BW_ENTRY(FormatFamily, fixed) = {
    "fixed", "fixed<N> ufixed<N>", "sign-magnitude fixed point", "libnumber, PACT 2018", kExamples,
    Parse};

}  // namespace bw::families
