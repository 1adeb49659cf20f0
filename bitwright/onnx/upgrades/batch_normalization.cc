#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"BatchNormalization"};

Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (node.Take<std::int64_t>("spatial").value_or(1) != 1) {
    return Fail("spatial is 0, only 1 (one scale for each channel) is supported");
  }
  if (node.Take<std::int64_t>("training_mode").value_or(0) != 0) {
    return Fail("training_mode is 1, only inference (0) is supported");
  }
  for (std::size_t i = 1; i < node.outputs.size(); ++i) {
    if (!node.HasOutput(i)) continue;
    if (context.IsRead(node.outputs[i])) {
      return Fail("output {} (a training statistic) is read, only output 0 is supported", i);
    }
  }
  node.outputs.resize(1);
  node.attributes.items.erase("momentum");
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, batch_normalization) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
