#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Upsample"};

// Opset 7 and 8 have scales as an attribute, 9 as an input; it counts from the corner, as Resize
// does when asymmetric.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (const auto scales = node.Take<std::vector<float>>("scales")) {
    node.inputs.push_back(context.AddConstant(
        node, "scales", Tensor::From<float>({static_cast<std::int64_t>(scales->size())}, *scales)));
  }
  node.op = "Resize";
  node.inputs.insert(node.inputs.begin() + 1, kNoValue);
  node.attributes.Set("coordinate_transformation_mode", std::string("asymmetric"));
  node.attributes.Set("nearest_mode", std::string("floor"));
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, upsample) = {.ops = kOps, .becomes = "Resize", .apply = Apply};
}  // namespace bw::upgrades
