// -1, 0 and +1 in two's complement. Code 10 is reserved and decodes to NaN.

#include <limits>

#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"ternary"};

double Decode(Code code) {
  constexpr double kValues[] = {0, 1, std::numeric_limits<double>::quiet_NaN(), -1};
  return kValues[code];
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name != "ternary") return std::nullopt;
  return FormatDef{"ternary", 2, Decode};
}

}  // namespace

BW_ENTRY(FormatFamily, ternary) = {
    "ternary", "ternary", "-1, 0 and +1", "FATNN, ICCV 2021, arXiv 2008.05101", kExamples, Parse};

}  // namespace bw::families
