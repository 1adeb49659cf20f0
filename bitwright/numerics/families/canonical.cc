// The canonical number of libnumber, spelled as it is written there: <ns,ne,nf,B>, ns sign bits (0
// or 1), ne exponent bits, nf fraction bits, exponent bias B.

#include "bitwright/numerics/canonical.h"

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"<1,2,1,1>", "<1,0,7,3>",  "<1,3,0,3>",  "<1,4,3,7>",
                                          "<0,2,2,1>", "<1,5,2,16>", "<1,5,10,15>"};
// Of a float32: the powers of two of the least subnormal and of the first value out of range.
constexpr int kLeastPower = -149, kTooGreatPower = 128;

// Removes a decimal integer of at most four digits, canonically written.
std::optional<int> ConsumeInteger(std::string_view& text) {
  const bool negative = ConsumePrefix(text, "-");
  const std::optional<int> magnitude = ConsumeNumber(text);
  if (!magnitude || (negative && *magnitude == 0)) return std::nullopt;
  return negative ? -*magnitude : *magnitude;
}

// Bounds of the bias that keep every value a float32: the least step 2^(1-B-nf) and the top power.
Expected<void> CheckBias(std::string_view name, const Canonical& form) {
  const int top = form.exponent_bits == 0 ? 0 : (1 << form.exponent_bits) - 1;
  return CheckParameter(name, "bias", form.bias, top - kTooGreatPower + 1,
                        1 - form.fraction_bits - kLeastPower);
}

Expected<FormatDef> Define(std::string_view name, const Canonical& form, int sign_bits) {
  BW_TRY(CheckParameter(name, "number of sign bits", sign_bits, 0, 1));
  BW_TRY(CheckParameter(name, "number of exponent bits", form.exponent_bits, 0, 8));
  BW_TRY(CheckParameter(name, "number of exponent and fraction bits",
                        form.exponent_bits + form.fraction_bits, 1, 16 - sign_bits));
  BW_TRY(CheckBias(name, form));
  return FormatDef{std::string(name), form.bits(), [form](Code code) { return form.Decode(code); }};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  std::string_view rest = name;
  if (!ConsumePrefix(rest, "<")) return std::nullopt;
  const std::optional<int> signs = ConsumeNumber(rest);
  if (!signs || !ConsumePrefix(rest, ",")) return std::nullopt;
  const std::optional<int> exponent = ConsumeNumber(rest);
  if (!exponent || !ConsumePrefix(rest, ",")) return std::nullopt;
  const std::optional<int> fraction = ConsumeNumber(rest);
  if (!fraction || !ConsumePrefix(rest, ",")) return std::nullopt;
  const std::optional<int> bias = ConsumeInteger(rest);
  if (!bias || rest != ">") return std::nullopt;
  return Define(name, {*signs != 0, *exponent, *fraction, *bias}, *signs);
}

}  // namespace

BW_ENTRY(FormatFamily, canonical) = {"canonical",
                                     "<ns,ne,nf,B>",
                                     "sign, exponent and fraction bits, bias; no NaN, no infinity",
                                     "libnumber, PACT 2018",
                                     kExamples,
                                     Parse};

}  // namespace bw::families
