#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"MaxPool"};

// The order in which indices count matters to nobody once they are gone.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (node.HasOutput(1) && context.IsRead(node.outputs[1])) return {};
  node.outputs.resize(1);
  node.attributes.items.erase("storage_order");
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, max_pool) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
