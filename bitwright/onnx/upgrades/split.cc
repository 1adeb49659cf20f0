#include <algorithm>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Split"};
constexpr NewAttribute kNewer[] = {{"num_outputs", NewAttribute::Kind::kInt}};

// Parts of ceil(extent / count), the last smaller; equal ones need no sizes. Axis 0 may be a batch,
// whose extent here says nothing, and a type may follow from data: num_outputs stays then.
Expected<void> SpellSizes(UpgradeContext& context, Draft& node) {
  const auto count = static_cast<std::int64_t>(node.outputs.size());
  const auto type = context.Type(node.inputs[0]);
  if (!type) {
    node.attributes.Set("num_outputs", count);
    return {};
  }
  BW_ASSIGN(const std::int64_t axis, FrontAxis(node.attributes.Int("axis", 0), type->shape.size()));
  if (axis == 0 && context.Constant(node.inputs[0]) == nullptr) {
    node.attributes.Set("num_outputs", count);
    return {};
  }
  const std::int64_t extent = type->shape[static_cast<std::size_t>(axis)];
  if (extent % count == 0) return {};
  const std::int64_t part = (extent + count - 1) / count;
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = 0; i < count; ++i) {
    sizes.push_back(std::clamp(extent - i * part, std::int64_t{0}, part));
  }
  node.inputs.resize(2, kNoValue);
  node.inputs[1] = context.AddConstant(node, "split", IntsTensor(sizes));
  return {};
}

// Before opset 13 the sizes were an attribute; opset 18 has the number of parts as one.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  AttributeToInput(context, node, "split", 1);
  const auto parts = node.Take<std::int64_t>("num_outputs");
  if (!parts) return {};
  if (*parts != static_cast<std::int64_t>(node.outputs.size()) || node.HasInput(1)) {
    return Fail("num_outputs is {}, the number of outputs ({}) without a split input is allowed",
                *parts, node.outputs.size());
  }
  return SpellSizes(context, node);
}

}  // namespace
BW_ENTRY(Upgrade, split) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
