// Small floating-point numbers with subnormals: sign, X exponent bits, Y fraction bits, bias
// 2^(X-1)-1.
//   X <= 4        every code is finite, as the OCP MX elements e2m1, e2m3, e3m2
//   X >= 5        the largest exponent holds infinity and NaN, as IEEE 754: e5m2, fp16 = e5m10,
//                 bf16 = e8m7
//   fn (X <= 4)   the code of all ones is NaN, the rest are finite, as OCP FP8 e4m3fn
//   fnuz          bias 2^(X-1), the code of -0 is NaN, the rest are finite, as ONNX float8e4m3fnuz
// e4m3 without a suffix has several published meanings and is refused in favour of e4m3fn.

#include <cmath>
#include <limits>

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {
    "e2m1", "e2m2",     "e2m3",  "e3m1",  "e3m2",  "e3m3",  "e4m2",  "e4m3fn", "e4m3fnuz",
    "e5m2", "e5m2fnuz", "ue2m1", "ue2m2", "ue3m2", "ue4m4", "ue5m3", "bf16",   "fp16"};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Specials { kNone, kAllOnesNan, kNegativeZeroNan, kTopExponent };

double Decode(const Canonical& form, Specials specials, Code code) {
  const bool top = form.Exponent(code) == (Code{1} << form.exponent_bits) - 1;
  const Code fraction = form.Fraction(code);
  switch (specials) {
    case Specials::kNone:
      break;
    case Specials::kAllOnesNan:
      if (top && fraction == (Code{1} << form.fraction_bits) - 1) return kNan;
      break;
    case Specials::kNegativeZeroNan:
      if (code == Code{1} << (form.bits() - 1)) return kNan;
      break;
    case Specials::kTopExponent:
      if (top) return fraction == 0 ? form.Sign(code) * kInfinity : kNan;
  }
  return form.Decode(code);
}

std::string CanonicalName(const Canonical& form, std::string_view suffix) {
  if (suffix.empty() && form.is_signed) {
    if (form.exponent_bits == 5 && form.fraction_bits == 10) return "fp16";
    if (form.exponent_bits == 8 && form.fraction_bits == 7) return "bf16";
  }
  return fmt::format("{}e{}m{}{}", form.is_signed ? "" : "u", form.exponent_bits,
                     form.fraction_bits, suffix);
}

Specials SpecialsOf(std::string_view suffix, int x) {
  if (suffix == "fn") return Specials::kAllOnesNan;
  if (suffix == "fnuz") return Specials::kNegativeZeroNan;
  return x >= 5 ? Specials::kTopExponent : Specials::kNone;
}

// The suffix is "", "fn" or "fnuz".
Expected<FormatDef> Define(std::string_view name, bool is_signed, int x, int y,
                           std::string_view suffix) {
  BW_TRY(CheckParameter(name, "number of exponent bits", x, 1, suffix == "fn" ? 4 : 8));
  BW_TRY(CheckParameter(name, "number of fraction bits", y, x >= 5 || !suffix.empty() ? 1 : 0,
                        16 - x - (is_signed ? 1 : 0)));
  if (x == 4 && y == 3 && suffix.empty()) {
    return Fail("format '{}': the name has several meanings, allowed is '{}fn' (OCP FP8, max 448)",
                name, name);
  }
  const Specials specials = SpecialsOf(suffix, x);
  const int shift = specials == Specials::kNegativeZeroNan ? 1 : 0;
  const Canonical form{is_signed, x, y, StandardBias(x) + shift};
  return FormatDef{CanonicalName(form, suffix), form.bits(),
                   [form, specials](Code code) { return Decode(form, specials, code); }};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name == "fp16") return Define(name, true, 5, 10, "");
  if (name == "bf16") return Define(name, true, 8, 7, "");
  if (name == "e8m0" || name == "e8m23") return std::nullopt;
  std::string_view rest = name;
  const bool is_signed = !ConsumePrefix(rest, "u");
  if (!ConsumePrefix(rest, "e")) return std::nullopt;
  const std::optional<int> x = ConsumeNumber(rest);
  if (!x || !ConsumePrefix(rest, "m")) return std::nullopt;
  const std::optional<int> y = ConsumeNumber(rest);
  if (!y || (!rest.empty() && rest != "fn" && (rest != "fnuz" || !is_signed))) return std::nullopt;
  return Define(name, is_signed, *x, *y, rest);
}

}  // namespace

BW_ENTRY(FormatFamily, minifloat) = {
    "minifloat",
    "e<X>m<Y>[fn|fnuz] ue<X>m<Y>[fn] bf16 fp16",
    "floating point with X exponent and Y fraction bits, subnormals",
    "IEEE 754, OCP FP8 v1.0, OCP MX v1.0, ONNX",
    kExamples,
    Parse};

}  // namespace bw::families
