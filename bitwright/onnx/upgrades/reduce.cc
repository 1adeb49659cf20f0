#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"ReduceMean",      "ReduceMax",    "ReduceMin",
                                     "ReduceProd",      "ReduceL1",     "ReduceL2",
                                     "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
constexpr NewAttribute kNewer[] = {{"noop_with_empty_axes", NewAttribute::Kind::kInt}};

// Opset 18 made axes an input, which the graph keeps as the attribute it was where it is constant.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (context.opset() < 18) return {};
  const auto keep_if_empty = node.Take<std::int64_t>("noop_with_empty_axes");
  if (node.HasInput(1) && context.Constant(node.inputs[1]) != nullptr) {
    BW_ASSIGN(std::vector<std::int64_t> axes, ConstantInts(context, node, 1, "axes"));
    node.inputs.resize(1);
    if (!axes.empty()) node.attributes.Set("axes", std::move(axes));
  }
  const bool nothing = !node.attributes.Has("axes") && keep_if_empty.value_or(0) != 0;
  if (nothing && !node.HasInput(1)) {
    node.op = "Identity";
    node.attributes.items.clear();
  } else if (nothing) {
    node.attributes.Set("noop_with_empty_axes", std::int64_t{1});
  }
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, reduce) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
