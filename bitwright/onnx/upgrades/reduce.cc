#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"ReduceMean",      "ReduceMax",    "ReduceMin",
                                     "ReduceProd",      "ReduceL1",     "ReduceL2",
                                     "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
constexpr NewAttribute kNewer[] = {{"noop_with_empty_axes", NewAttribute::Kind::kInt}};

// Opset 18 made axes an input, which the graph keeps as the attribute it was.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  const bool keep_if_empty = node.Take<std::int64_t>("noop_with_empty_axes").value_or(0) != 0;
  std::vector<std::int64_t> axes;
  if (context.opset() < 18) return {};
  if (node.HasInput(1)) {
    BW_ASSIGN(axes, ConstantInts(context, node, 1, "axes"));
  }
  node.inputs.resize(1);
  if (!axes.empty()) {
    node.attributes.Set("axes", std::move(axes));
  } else if (keep_if_empty) {
    return Fail("noop_with_empty_axes is 1 without axes, which reduces nothing; remove the node");
  }
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, reduce) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
