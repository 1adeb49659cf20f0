#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Clip"};

// Before opset 11 the bounds were attributes.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (context.opset() >= 11) return {};
  for (const char* bound : {"min", "max"}) {
    const auto value = node.Take<float>(bound);
    node.inputs.push_back(value ? context.AddConstant(node, bound, ScalarTensor(*value))
                                : kNoValue);
  }
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, clip) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
