#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"TopK"};

// Before opset 10 k was an attribute.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (const auto k = node.Take<std::int64_t>("k")) {
    node.inputs.resize(1);
    node.inputs.push_back(context.AddConstant(node, "k", IntsTensor({*k})));
  }
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, top_k) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
