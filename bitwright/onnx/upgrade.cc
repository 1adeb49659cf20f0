#include "bitwright/onnx/upgrade.h"

#include <algorithm>

namespace bw {

const Upgrade* FindUpgrade(std::string_view op) {
  for (const Upgrade* upgrade : upgrades::All()) {
    if (std::find(upgrade->ops.begin(), upgrade->ops.end(), op) != upgrade->ops.end()) {
      return upgrade;
    }
  }
  return nullptr;
}

Tensor IntsTensor(const std::vector<std::int64_t>& elements) {
  return Tensor::From<std::int64_t>({static_cast<std::int64_t>(elements.size())}, elements);
}

Tensor ScalarTensor(float element) {
  return Tensor::From<float>({}, std::span<const float>(&element, 1));
}

Expected<std::vector<std::int64_t>> ConstantInts(const UpgradeContext& context, const Draft& node,
                                                 std::size_t input, std::string_view what) {
  const Tensor* tensor = context.Constant(node.inputs.at(input));
  if (tensor == nullptr) return Fail("{} is computed, a constant is needed", what);
  if (tensor->dtype() == DType::kInt32) {
    const auto elements = tensor->span<std::int32_t>();
    return std::vector<std::int64_t>(elements.begin(), elements.end());
  }
  if (tensor->dtype() != DType::kInt64) {
    return Fail("{} is {}, int64 is needed", what, DTypeName(tensor->dtype()));
  }
  const auto elements = tensor->span<std::int64_t>();
  return std::vector<std::int64_t>(elements.begin(), elements.end());
}

Expected<std::int64_t> FrontAxis(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) {
    return Fail("axis is {} but the input has {} axes; allowed are {} to {}", axis, count, -count,
                count - 1);
  }
  return axis < 0 ? axis + count : axis;
}

void AttributeToInput(UpgradeContext& context, Draft& node, const std::string& attribute,
                      std::size_t input) {
  const auto elements = node.Take<std::vector<std::int64_t>>(attribute);
  if (!elements) return;
  if (node.inputs.size() <= input) node.inputs.resize(input + 1, kNoValue);
  node.inputs[input] = context.AddConstant(node, attribute, IntsTensor(*elements));
}

}  // namespace bw
