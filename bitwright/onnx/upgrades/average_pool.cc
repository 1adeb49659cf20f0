#include <algorithm>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"AveragePool"};
constexpr NewAttribute kNewer[] = {{"dilations", NewAttribute::Kind::kInts}};

// Opset 19 can dilate.
Expected<void> Apply(UpgradeContext&, Draft& node) {
  const auto dilations = node.attributes.Ints("dilations", {});
  const bool plain = std::all_of(dilations.begin(), dilations.end(),
                                 [](std::int64_t dilation) { return dilation == 1; });
  if (plain) node.attributes.items.erase("dilations");
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, average_pool) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
