#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Dropout"};

// At inference it is the identity; ratio and seed say nothing then.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (node.HasInput(2)) {
    const Tensor* training = context.Constant(node.inputs[2]);
    if (training == nullptr || training->dtype() != DType::kBool || training->size() != 1 ||
        training->span<bool>()[0]) {
      return Fail("training_mode is not the constant false, only inference is supported");
    }
  }
  const bool mask = node.HasOutput(1) && context.IsRead(node.outputs[1]);
  node.inputs.resize(1);
  node.outputs.resize(mask ? 2 : 1);
  node.attributes.items.clear();
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, dropout) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
