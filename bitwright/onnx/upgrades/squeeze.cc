#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Squeeze", "Unsqueeze"};

// Before opset 13 axes was an attribute.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  AttributeToInput(context, node, "axes", 1);
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, squeeze) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
