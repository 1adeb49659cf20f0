#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Sum", "Max", "Min"};

// Any number of inputs become pairs, from the first on; a single one passes through.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  const std::string op = node.op == "Sum" ? "Add" : node.op;
  if (node.inputs.size() == 1) {
    node.op = "Identity";
    return {};
  }
  ValueId so_far = node.inputs[0];
  for (std::size_t i = 1; i + 1 < node.inputs.size(); ++i) {
    Draft pair{fmt::format("{}.{}", node.name, i), op, {so_far, node.inputs[i]}, {}, {}};
    so_far = context.AddValue(node, fmt::format("partial_{}", i));
    pair.outputs = {so_far};
    BW_TRY(context.Emit(std::move(pair)));
  }
  node.op = op;
  node.inputs = {so_far, node.inputs.back()};
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, variadic) = {.ops = kOps, .becomes = "Add", .apply = Apply};
}  // namespace bw::upgrades
