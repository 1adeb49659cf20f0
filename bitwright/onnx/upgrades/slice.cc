#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Slice"};

// Before opset 10 starts, ends and axes were attributes.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  AttributeToInput(context, node, "starts", 1);
  AttributeToInput(context, node, "ends", 2);
  AttributeToInput(context, node, "axes", 3);
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, slice) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
