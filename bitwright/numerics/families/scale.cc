// The power-of-two scale of OCP microscaling formats.

#include <cmath>
#include <limits>

#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"e8m0"};
constexpr Code kNan = 255;

double Decode(Code code) {
  if (code == kNan) return std::numeric_limits<double>::quiet_NaN();
  return std::ldexp(1.0, static_cast<int>(code) - 127);
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name != "e8m0") return std::nullopt;
  return FormatDef{"e8m0", 8, Decode};
}

}  // namespace

BW_ENTRY(FormatFamily, scale) = {"scale",
                                 "e8m0",
                                 "powers of two 2^-127 to 2^127, for scales",
                                 "OCP Microscaling Formats (MX) v1.0",
                                 kExamples,
                                 Parse};

}  // namespace bw::families
