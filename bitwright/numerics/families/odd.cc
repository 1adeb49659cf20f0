// The grid of the {-1,+1} decomposition: code u is 2u - (2^N - 1), the odd integers from -(2^N - 1)
// to 2^N - 1, no zero. Bit m of the code, read as -1 or +1, weighs 2^m.

#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"odd1", "odd2", "odd3", "odd4",
                                          "odd5", "odd6", "odd7", "odd8"};

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<int> bits = NumberAfter(name, "odd");
  if (!bits) return std::nullopt;
  if (auto range = CheckParameter(name, "width", *bits, 1, 16); !range) {
    return tl::unexpected(range.error());
  }
  return FormatDef{std::string(name), *bits, [n = *bits](Code code) {
                     return static_cast<double>(2 * static_cast<int>(code) - ((1 << n) - 1));
                   }};
}

}  // namespace

BW_ENTRY(FormatFamily, odd) = {"odd",
                               "odd<N>",
                               "odd integers, sums of -1 and +1 weighted by powers of two",
                               "{-1,+1} decomposition, arXiv 2106.09886",
                               kExamples,
                               Parse};

}  // namespace bw::families
