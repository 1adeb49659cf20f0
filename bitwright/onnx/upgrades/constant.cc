#include <cmath>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Constant"};

Expected<Tensor> Value(Draft& node) {
  if (auto tensor = node.Take<Tensor>("value")) return *std::move(tensor);
  if (const auto number = node.Take<float>("value_float")) return ScalarTensor(*number);
  if (const auto numbers = node.Take<std::vector<float>>("value_floats")) {
    return Tensor::From<float>({static_cast<std::int64_t>(numbers->size())}, *numbers);
  }
  if (const auto number = node.Take<std::int64_t>("value_int")) {
    return Tensor::From<std::int64_t>({}, std::span<const std::int64_t>(&*number, 1));
  }
  if (const auto numbers = node.Take<std::vector<std::int64_t>>("value_ints")) {
    return IntsTensor(*numbers);
  }
  return Fail("has no numeric value, allowed are value, value_float(s) and value_int(s)");
}

// The value takes the place of the node.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (node.attributes.items.size() != 1) {
    return Fail("has {} attributes, exactly one value is needed", node.attributes.items.size());
  }
  BW_ASSIGN(Tensor tensor, Value(node));
  if (tensor.dtype() == DType::kFloat32) {
    for (const float element : tensor.span<float>()) {
      if (std::isnan(element)) return Fail("its value holds a NaN, numbers are needed");
    }
  }
  context.SetConstant(node.outputs[0], std::move(tensor));
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, constant) = {.ops = kOps, .becomes = kNoNode, .apply = Apply};
}  // namespace bw::upgrades
