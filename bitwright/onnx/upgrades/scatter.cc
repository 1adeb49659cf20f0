#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Scatter"};

// The name that ScatterElements had in opsets 9 and 10.
Expected<void> Apply(UpgradeContext&, Draft& node) {
  node.op = "ScatterElements";
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, scatter) = {.ops = kOps, .becomes = "ScatterElements", .apply = Apply};
}  // namespace bw::upgrades
