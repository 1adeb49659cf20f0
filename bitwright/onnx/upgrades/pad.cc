#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Pad"};

// Opset 18: pads may be given for some axes only; here they become pads of all.
Expected<void> SpreadAxes(UpgradeContext& context, Draft& node) {
  BW_ASSIGN(const TensorType type, context.Type(node.inputs[0]));
  BW_ASSIGN(const std::vector<std::int64_t> axes, ConstantInts(context, node, 3, "axes"));
  BW_ASSIGN(const std::vector<std::int64_t> pads, ConstantInts(context, node, 1, "pads"));
  const std::size_t rank = type.shape.size();
  if (pads.size() != 2 * axes.size()) {
    return Fail("pads has {} elements for {} axes, 2 for each are needed", pads.size(),
                axes.size());
  }
  std::vector<std::int64_t> all(2 * rank);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    BW_ASSIGN(const std::int64_t axis, FrontAxis(axes[i], rank));
    all[static_cast<std::size_t>(axis)] = pads[i];
    all[static_cast<std::size_t>(axis) + rank] = pads[i + axes.size()];
  }
  node.inputs.resize(3, kNoValue);
  node.inputs[1] = context.AddConstant(node, "pads", IntsTensor(all));
  return {};
}

// Before opset 11 pads and value were attributes.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (context.opset() < 11) {
    AttributeToInput(context, node, "pads", 1);
    if (const auto value = node.Take<float>("value")) {
      node.inputs.push_back(context.AddConstant(node, "value", ScalarTensor(*value)));
    }
    return {};
  }
  const bool computed = context.Constant(node.inputs[1]) == nullptr;
  return node.HasInput(3) && !computed ? SpreadAxes(context, node) : Expected<void>();
}

}  // namespace
BW_ENTRY(Upgrade, pad) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
