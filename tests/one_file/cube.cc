// A family that the product does not have, for add_family.sh: cubes of sign-magnitude integers.

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"
#include "bitwright/numerics/sign_magnitude.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"cube3", "cube4", "cube5", "cube6", "cube8"};

Expected<FormatDef> Define(std::string_view name, int bits) {
  BW_TRY(CheckParameter(name, "width", bits, 2, 8));
  const auto cube = [](Code word) {
    const double root = word;
    return root * root * root;
  };
  return FormatDef{std::string(name), bits, SignMagnitude(true, bits, cube)};
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<int> bits = NumberAfter(name, "cube");
  if (!bits) return std::nullopt;
  return Define(name, *bits);
}

}  // namespace

BW_ENTRY(FormatFamily, cube) = {"cube",    "cube<N>", "cubes of integers", "a test of the registry",
                                kExamples, Parse};

}  // namespace bw::families
