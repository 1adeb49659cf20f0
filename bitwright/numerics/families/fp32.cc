// IEEE 754 binary32, the format of unquantized tensors and of scales.

#include <bit>

#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"fp32"};

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name != "fp32" && name != "e8m23") return std::nullopt;
  return FormatDef{"fp32", 32,
                   [](Code code) { return static_cast<double>(std::bit_cast<float>(code)); }};
}

}  // namespace

BW_ENTRY(FormatFamily, fp32) = {
    "fp32",    "fp32", "single precision, the float network itself", "IEEE 754 binary32",
    kExamples, Parse};

}  // namespace bw::families
