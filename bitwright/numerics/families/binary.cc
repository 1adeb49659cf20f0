// One bit, the sign: code 0 is +1, code 1 is -1. The tie at 0 goes to the even code, so that 0
// rounds to +1, as sign(x) does in binary networks.

#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"binary"};

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name != "binary") return std::nullopt;
  return FormatDef{"binary", 1, [](Code code) { return code == 0 ? 1.0 : -1.0; }};
}

}  // namespace

BW_ENTRY(FormatFamily, binary) = {
    "binary",  "binary", "-1 and +1, no zero", "XNOR-Net, ECCV 2016, arXiv 1603.05279",
    kExamples, Parse};

}  // namespace bw::families
