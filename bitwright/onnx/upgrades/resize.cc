#include <cmath>

#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Resize"};
constexpr NewAttribute kNewer[] = {{"antialias", NewAttribute::Kind::kInt},
                                   {"axes", NewAttribute::Kind::kInts},
                                   {"keep_aspect_ratio_policy", NewAttribute::Kind::kString}};
constexpr std::size_t kRoi = 1, kScales = 2, kSizes = 3;

Tensor FloatsTensor(const std::vector<float>& elements) {
  return Tensor::From<float>({static_cast<std::int64_t>(elements.size())}, elements);
}

// The scale that takes `extent` to exactly `size` under floor(extent * scale).
float ScaleFor(std::int64_t size, std::int64_t extent) {
  const float scale = static_cast<float>(static_cast<double>(size) / static_cast<double>(extent));
  const double reached = std::floor(static_cast<double>(extent) * static_cast<double>(scale));
  return reached < static_cast<double>(size) ? std::nextafter(scale, INFINITY) : scale;
}

// Scales of the listed axes: as given, or from the sizes of these axes.
Expected<std::vector<float>> ScalesOf(const UpgradeContext& context, const Draft& node,
                                      const Shape& extents) {
  if (!node.HasInput(kSizes)) {
    const Tensor* scales =
        node.HasInput(kScales) ? context.Constant(node.inputs[kScales]) : nullptr;
    if (scales == nullptr || scales->dtype() != DType::kFloat32) {
      return Fail("scales is computed, a float32 constant is needed where axes are listed");
    }
    const auto elements = scales->span<float>();
    return std::vector<float>(elements.begin(), elements.end());
  }
  BW_ASSIGN(const std::vector<std::int64_t> sizes, ConstantInts(context, node, kSizes, "sizes"));
  std::vector<float> scales;
  for (std::size_t i = 0; i < sizes.size() && i < extents.size(); ++i) {
    scales.push_back(ScaleFor(sizes[i], extents[i]));
  }
  return scales;
}

// Opset 18: only some axes are resized; here they become scales of all.
Expected<void> SpreadAxes(UpgradeContext& context, Draft& node,
                          const std::vector<std::int64_t>& axes) {
  BW_ASSIGN(const TensorType type, context.Type(node.inputs[0]));
  Shape extents;
  std::vector<std::int64_t> places;
  for (const std::int64_t listed : axes) {
    BW_ASSIGN(const std::int64_t axis, FrontAxis(listed, type.shape.size()));
    places.push_back(axis);
    extents.push_back(type.shape[static_cast<std::size_t>(axis)]);
  }
  BW_ASSIGN(const std::vector<float> scales, ScalesOf(context, node, extents));
  if (scales.size() != axes.size()) {
    return Fail("{} extents are given for {} axes, one for each is needed", scales.size(),
                axes.size());
  }
  std::vector<float> all(type.shape.size(), 1.0f);
  for (std::size_t i = 0; i < places.size(); ++i) {
    all[static_cast<std::size_t>(places[i])] = scales[i];
  }
  node.inputs.resize(kScales + 1, kNoValue);
  node.inputs[kRoi] = kNoValue;
  node.inputs[kScales] = context.AddConstant(node, "scales", FloatsTensor(all));
  node.inputs.resize(kScales + 1);
  return {};
}

// Drops what says nothing; true when the words of opset 17 do.
bool InOldWords(const UpgradeContext& context, Draft& node) {
  if (node.attributes.Int("antialias", 0) == 0) node.attributes.items.erase("antialias");
  if (node.attributes.String("keep_aspect_ratio_policy", "stretch") == "stretch") {
    node.attributes.items.erase("keep_aspect_ratio_policy");
  }
  const bool newer =
      node.attributes.Has("antialias") || node.attributes.Has("keep_aspect_ratio_policy") ||
      node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  const std::size_t by = node.HasInput(kSizes) ? kSizes : kScales;
  return !newer && node.HasInput(by) && context.Constant(node.inputs[by]) != nullptr;
}

// Opset 10 has no region and counts from the corner; 11 and 12 give empty tensors for what is
// absent.
Expected<void> Apply(UpgradeContext& context, Draft& node) {
  if (context.opset() < 11) {
    node.inputs.insert(node.inputs.begin() + 1, kNoValue);
    node.attributes.Set("coordinate_transformation_mode", std::string("asymmetric"));
    node.attributes.Set("nearest_mode", std::string("floor"));
    return {};
  }
  for (std::size_t i = kScales; i < node.inputs.size(); ++i) {
    const Tensor* tensor = context.Constant(node.inputs[i]);
    if (tensor != nullptr && tensor->size() == 0) node.inputs[i] = kNoValue;
  }
  const bool crops =
      node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  if (node.inputs.size() > kRoi && !crops) node.inputs[kRoi] = kNoValue;
  if (!InOldWords(context, node)) return {};
  const auto axes = node.Take<std::vector<std::int64_t>>("axes");
  return axes ? SpreadAxes(context, node, *axes) : Expected<void>();
}

}  // namespace
BW_ENTRY(Upgrade, resize) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
