// Two's complement and plain binary integers.

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"int2",  "int3",  "int4",  "int5",  "int6",  "int7",
                                          "int8",  "int16", "uint1", "uint2", "uint3", "uint4",
                                          "uint5", "uint6", "uint7", "uint8", "uint16"};

double DecodeSigned(Code code, int bits) {
  const double value = static_cast<double>(code);
  return (code >> (bits - 1) & 1) != 0 ? value - static_cast<double>(Code{1} << bits) : value;
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const bool is_signed = !name.starts_with('u');
  const std::optional<int> bits = NumberAfter(name, is_signed ? "int" : "uint");
  if (!bits) return std::nullopt;
  if (auto range = CheckParameter(name, "width", *bits, is_signed ? 2 : 1, 16); !range) {
    return tl::unexpected(range.error());
  }
  if (is_signed) {
    return FormatDef{std::string(name), *bits,
                     [n = *bits](Code code) { return DecodeSigned(code, n); }};
  }
  return FormatDef{std::string(name), *bits, [](Code code) { return static_cast<double>(code); }};
}

}  // namespace

BW_ENTRY(FormatFamily, integer) = {
    "integer",         "int<N> uint<N>", "two's complement and unsigned integers",
    "ONNX data types", kExamples,        Parse};

}  // namespace bw::families
