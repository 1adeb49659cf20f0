#include <algorithm>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Softmax", "LogSoftmax", "Hardmax"};

// The only axis of [first, rank) that is longer than 1; `first` when none is; -1 when several are.
std::int64_t OnlyLongAxis(const Shape& shape, std::int64_t first) {
  const auto is_long = [](std::int64_t extent) { return extent != 1; };
  const auto begin = shape.begin() + first;
  const auto found = std::find_if(begin, shape.end(), is_long);
  if (found == shape.end()) return first;
  return std::any_of(found + 1, shape.end(), is_long) ? -1 : found - shape.begin();
}

// Flatten to two axes, normalise the second, reshape back: `node` becomes the Reshape.
Expected<void> Flattened(UpgradeContext& context, Draft& node, std::int64_t axis) {
  const ValueId input = node.inputs[0];
  Draft shape{node.name + ".shape", "Shape", {input}, {context.AddValue(node, "shape")}, {}};
  Draft flatten{node.name + ".flatten", "Flatten", {input}, {context.AddValue(node, "flat")}, {}};
  flatten.attributes.Set("axis", axis);
  Draft rows{node.name + ".rows", node.op, flatten.outputs, {context.AddValue(node, "rows")}, {}};
  rows.attributes.Set("axis", std::int64_t{-1});
  node.op = "Reshape";
  node.inputs = {rows.outputs[0], shape.outputs[0]};
  node.attributes.items.clear();
  BW_TRY(context.Emit(std::move(shape)));
  BW_TRY(context.Emit(std::move(flatten)));
  return context.Emit(std::move(rows));
}

// Before opset 13 everything from `axis` (default 1) on was normalised together.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (context.opset() >= 13) return {};
  BW_ASSIGN(const TensorType type, context.Type(node.inputs[0]));
  BW_ASSIGN(const std::int64_t axis, FrontAxis(node.attributes.Int("axis", 1), type.shape.size()));
  const auto rank = static_cast<std::int64_t>(type.shape.size());
  // Axis 0 may be a batch, whose extent here says nothing.
  const std::int64_t only = axis == 0 && rank > 1 ? -1 : OnlyLongAxis(type.shape, axis);
  if (only < 0) return Flattened(context, node, axis);
  node.attributes.Set("axis", only);
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, softmax) = {.ops = kOps, .apply = Apply};
}  // namespace bw::upgrades
