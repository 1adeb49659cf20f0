#include <algorithm>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"AveragePool"};
constexpr NewAttribute kNewer[] = {{"dilations", NewAttribute::Kind::kInts}};

// Opset 19 can dilate.
Expected<void> Apply(UpgradeContext&, Draft& node) {
  const auto dilations = node.Take<std::vector<std::int64_t>>("dilations");
  if (!dilations) return {};
  const auto other = std::find_if(dilations->begin(), dilations->end(),
                                  [](std::int64_t dilation) { return dilation != 1; });
  if (other == dilations->end()) return {};
  return Fail("a dilation is {}, only 1 is supported", *other);
}

}  // namespace
BW_ENTRY(Upgrade, average_pool) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
