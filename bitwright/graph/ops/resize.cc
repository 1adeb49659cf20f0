// Resize of opset 19 by scales (input 2) or sizes (input 3): nearest, linear or cubic, axis by
// axis, each output a weighted sum of inputs.

#include <cmath>
#include <limits>

#include "bitwright/graph/ops/move.h"
#include "bitwright/graph/resize_axis.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {
    {"antialias", AttributeRule::Kind::kInt},
    {"axes", AttributeRule::Kind::kInts},
    {"keep_aspect_ratio_policy", AttributeRule::Kind::kString}};

Expected<void> CheckChoice(const Node& node, const char* name, const char* otherwise,
                           std::span<const std::string_view> allowed) {
  const std::string choice = node.attributes.String(name, otherwise);
  if (std::find(allowed.begin(), allowed.end(), choice) != allowed.end()) return {};
  return Fail("{} is '{}', allowed: {}", name, choice, fmt::join(allowed, ", "));
}

Expected<void> CheckModes(const Node& node) {
  constexpr std::string_view kModes[] = {"nearest", "linear", "cubic"};
  constexpr std::string_view kCoordinates[] = {"half_pixel",         "half_pixel_symmetric",
                                               "pytorch_half_pixel", "align_corners",
                                               "asymmetric",         "tf_crop_and_resize"};
  constexpr std::string_view kNearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil"};
  constexpr std::string_view kPolicies[] = {"stretch", "not_larger", "not_smaller"};
  BW_TRY(CheckChoice(node, "mode", "nearest", kModes));
  BW_TRY(CheckChoice(node, "coordinate_transformation_mode", "half_pixel", kCoordinates));
  BW_TRY(CheckChoice(node, "nearest_mode", "round_prefer_floor", kNearest));
  return CheckChoice(node, "keep_aspect_ratio_policy", "stretch", kPolicies);
}

// The axes that scales, sizes and region speak of.
Expected<std::vector<std::size_t>> Listed(const Node& node, std::size_t rank) {
  std::vector<std::size_t> listed;
  if (!node.attributes.Has("axes")) {
    for (std::size_t i = 0; i < rank; ++i) listed.push_back(i);
    return listed;
  }
  const auto axes = node.attributes.Ints("axes", {});
  BW_TRY(NormalAxes(axes, rank));
  for (const std::int64_t axis : axes) {
    BW_ASSIGN(const std::size_t one, NormalAxis(axis, rank));
    listed.push_back(one);
  }
  return listed;
}

Expected<void> ApplyScales(std::span<const float> scales, const std::vector<std::size_t>& listed,
                           const Shape& x, std::vector<ResizeAxis>& axes) {
  if (scales.size() != listed.size()) {
    return Fail("scales has {} entries, an input of rank {} needs {}", scales.size(), x.size(),
                listed.size());
  }
  for (std::size_t i = 0; i < listed.size(); ++i) {
    ResizeAxis& axis = axes[listed[i]];
    axis.scale = static_cast<double>(scales[i]);
    axis.exact = static_cast<double>(axis.in) * axis.scale;
    if (!(axis.scale > 0) || !(axis.exact <= static_cast<double>(kMaxElements))) {
      return Fail("scale {} on axis {} of {}, it must be positive and give at most 2^34 elements",
                  scales[i], listed[i], ShapeText(x));
    }
    axis.out = static_cast<std::int64_t>(std::floor(axis.exact));
  }
  return {};
}

// With a policy all listed axes get the scale of the axis that grows least (not_larger) or most.
double CommonScale(const std::string& policy, const Shape& sizes,
                   const std::vector<std::size_t>& listed, const std::vector<ResizeAxis>& axes) {
  double common = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto in = static_cast<double>(std::max<std::int64_t>(axes[listed[i]].in, 1));
    const double scale = static_cast<double>(sizes[i]) / in;
    const bool better = policy == "not_larger" ? scale < common : scale > common;
    if (i == 0 || better) common = scale;
  }
  return common;
}

Expected<void> ApplySizes(const Node& node, const Shape& sizes,
                          const std::vector<std::size_t>& listed, const Shape& x,
                          std::vector<ResizeAxis>& axes) {
  if (sizes.size() != listed.size()) {
    return Fail("sizes has {} entries, an input of rank {} needs {}", sizes.size(), x.size(),
                listed.size());
  }
  BW_TRY(CheckExtents(sizes, "input 3 (sizes)"));
  const std::string policy = node.attributes.String("keep_aspect_ratio_policy", "stretch");
  const double common = CommonScale(policy, sizes, listed, axes);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    ResizeAxis& axis = axes[listed[i]];
    if (sizes[i] > 0 && axis.in == 0) {
      return Fail("input {} cannot grow to {}: axis {} is empty", ShapeText(x), ShapeText(sizes),
                  listed[i]);
    }
    axis.out = sizes[i];
    if (policy != "stretch") {
      axis.out = static_cast<std::int64_t>(std::floor(common * static_cast<double>(axis.in) + 0.5));
    }
    axis.exact = static_cast<double>(axis.out);
    axis.scale = axis.in == 0 ? 1 : axis.exact / static_cast<double>(axis.in);
    if (policy != "stretch") axis.scale = common;
  }
  return {};
}

struct Inputs {
  const ConstTensorRef* region = nullptr;
  const ConstTensorRef* scales = nullptr;
  const ConstTensorRef* sizes = nullptr;
};

Expected<std::vector<ResizeAxis>> MakeAxes(const Node& node, const Shape& x, const Inputs& in) {
  std::vector<ResizeAxis> axes;
  for (const std::int64_t extent : x) {
    axes.push_back({extent, extent, 1, static_cast<double>(extent), 0, 1});
  }
  BW_ASSIGN(const std::vector<std::size_t> listed, Listed(node, x.size()));
  if (in.sizes != nullptr) {
    BW_TRY(ApplySizes(node, ReadInts(*in.sizes), listed, x, axes));
  } else if (in.scales != nullptr) {
    BW_TRY(ApplyScales(in.scales->span<float>(), listed, x, axes));
  }
  const bool crops =
      node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  if (!crops) return axes;
  if (in.region == nullptr || in.region->dtype != DType::kFloat32 ||
      in.region->size() != static_cast<std::int64_t>(2 * listed.size())) {
    return Fail("roi must be float32 with {} elements for tf_crop_and_resize", 2 * listed.size());
  }
  const auto region = in.region->span<float>();
  for (std::size_t i = 0; i < listed.size(); ++i) {
    axes[listed[i]].start = static_cast<double>(region[i]);
    axes[listed[i]].end = static_cast<double>(region[i + listed.size()]);
  }
  return axes;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 4, 1}));
  BW_TRY(CheckModes(in.node));
  const std::string mode = in.node.attributes.String("mode", "nearest");
  const Shape& x = in.types[0].shape;
  const auto given = [&](std::size_t i) {
    return in.has(i) && ElementCount(in.types[i].shape) > 0;
  };
  if (given(2) == given(3) && !x.empty()) {
    return Fail("{} of scales and sizes are given, exactly one is needed",
                given(2) ? "both" : "none");
  }
  if (given(2)) BW_TRY(CheckFloat(in, 2));
  if (given(3)) BW_TRY(CheckDType(in, 3, kIndex));
  std::array<ConstTensorRef, 4> refs;
  constexpr std::string_view kNames[] = {"", "roi", "scales", "sizes"};
  const bool crops =
      in.node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  for (std::size_t i = crops ? 1 : 2; i < 4; ++i) {
    if (!given(i)) continue;
    if (in.constants[i] == nullptr) return NotKnown(in, i, kNames[i]);
    refs[i] = *in.constants[i];
  }
  const auto ref = [&](std::size_t i) { return refs[i].data == nullptr ? nullptr : &refs[i]; };
  BW_ASSIGN(const auto axes, MakeAxes(in.node, x, {ref(1), ref(2), ref(3)}));
  TensorType out{in.types[0].dtype, {}};
  for (const ResizeAxis& axis : axes) out.shape.push_back(axis.out);
  return Types{std::move(out)};
}

// Applies the taps of one axis to a tensor seen as [outer, axis.in, inner].
std::vector<double> ResizeOne(const std::vector<double>& x, const std::vector<ResizeTaps>& taps,
                              std::size_t in, std::size_t inner, double outside) {
  const std::size_t out = taps.size(), outer = x.size() / (in * inner);
  std::vector<double> y(outer * out * inner, 0);
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t p = 0; p < out; ++p) {
      for (std::size_t i = 0; i < inner; ++i) {
        double sum = taps[p].outside ? outside : 0;
        for (const auto& [place, weight] : taps[p].taps) {
          sum += weight * x[(o * in + static_cast<std::size_t>(place)) * inner + i];
        }
        y[(o * out + p) * inner + i] = sum;
      }
    }
  }
  return y;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  if (outputs[0].size() == 0) return;
  const auto given = [&](std::size_t i) -> const ConstTensorRef* {
    return i < inputs.size() && inputs[i].data != nullptr && inputs[i].size() > 0 ? &inputs[i]
                                                                                  : nullptr;
  };
  const auto axes = MakeAxes(node, inputs[0].shape, {given(1), given(2), given(3)}).value();
  const ResizeRule rule = ReadResizeRule(node);
  const auto outside = static_cast<double>(node.attributes.Float("extrapolation_value", 0));
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    std::vector<double> values(x.begin(), x.end());
    std::size_t inner = 1;
    for (std::size_t i = axes.size(); i-- > 0;) {
      const bool same =
          axes[i].in == axes[i].out && axes[i].scale == 1 && axes[i].start == 0 && axes[i].end == 1;
      if (!same) {
        values = ResizeOne(values, TapsOf(rule, axes[i]), static_cast<std::size_t>(axes[i].in),
                           inner, outside);
      }
      inner *= static_cast<std::size_t>(axes[i].out);
    }
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      if constexpr (std::is_same_v<T, float> || std::is_same_v<T, bool>) {
        y[i] = static_cast<T>(values[i]);
      } else {
        y[i] = static_cast<T>(std::clamp(std::nearbyint(values[i]),
                                         static_cast<double>(std::numeric_limits<T>::min()),
                                         static_cast<double>(std::numeric_limits<T>::max())));
      }
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, resize) = {.name = "Resize",
                           .infer = Infer,
                           .since = 19,
                           .attributes = kAttributes,
                           .reference = Reference};

}  // namespace bw::ops
