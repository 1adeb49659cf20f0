// Resize of opset 13 by scales (input 2) or sizes (input 3), nearest or linear, on every axis.

#include <cmath>

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// How one axis is resized.
struct Axis {
  std::int64_t in, out;
  double scale;
};

Expected<void> CheckChoice(const Node& node, const char* name, const char* otherwise,
                           std::span<const std::string_view> allowed) {
  const std::string choice = node.attributes.String(name, otherwise);
  if (std::find(allowed.begin(), allowed.end(), choice) != allowed.end()) return {};
  return Fail("{} is '{}', allowed: {}", name, choice, fmt::join(allowed, ", "));
}

Expected<void> CheckModes(const Node& node) {
  constexpr std::string_view kModes[] = {"nearest", "linear"};
  constexpr std::string_view kCoordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
                                               "asymmetric"};
  constexpr std::string_view kNearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil"};
  BW_TRY(CheckChoice(node, "mode", "nearest", kModes));
  BW_TRY(CheckChoice(node, "coordinate_transformation_mode", "half_pixel", kCoordinates));
  BW_TRY(CheckChoice(node, "nearest_mode", "round_prefer_floor", kNearest));
  constexpr std::string_view kStretch[] = {"stretch"};
  BW_TRY(CheckChoice(node, "keep_aspect_ratio_policy", "stretch", kStretch));
  for (const char* flag : {"exclude_outside", "antialias"}) {
    const std::int64_t set = node.attributes.Int(flag, 0);
    if (set != 0) return Fail("{} is {}, allowed is 0", flag, set);
  }
  return {};
}

Expected<std::vector<Axis>> AxesFromScales(const Shape& x, std::span<const float> scales) {
  if (scales.size() != x.size()) {
    return Fail("scales has {} entries, an input of rank {} needs {}", scales.size(), x.size(),
                x.size());
  }
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto scale = static_cast<double>(scales[i]);
    const double out = std::floor(static_cast<double>(x[i]) * scale);
    if (!(scale > 0) || !(out <= static_cast<double>(kMaxElements))) {
      return Fail("scale {} on axis {} of {}, it must be positive and give at most 2^34 elements",
                  scales[i], i, ShapeText(x));
    }
    axes.push_back({x[i], static_cast<std::int64_t>(out), scale});
  }
  return axes;
}

Expected<std::vector<Axis>> AxesFromSizes(const Shape& x, const Shape& sizes) {
  if (sizes.size() != x.size()) {
    return Fail("sizes has {} entries, an input of rank {} needs {}", sizes.size(), x.size(),
                x.size());
  }
  BW_TRY(CheckExtents(sizes, "input 3 (sizes)"));
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (sizes[i] > 0 && x[i] == 0) {
      return Fail("input {} cannot grow to {}: axis {} is empty", ShapeText(x), ShapeText(sizes),
                  i);
    }
    const double scale = x[i] == 0 ? 1 : static_cast<double>(sizes[i]) / static_cast<double>(x[i]);
    axes.push_back({x[i], sizes[i], scale});
  }
  return axes;
}

// Exactly one of scales and sizes has elements.
Expected<std::vector<Axis>> InferAxes(const InferInput& in) {
  const Shape& x = in.types[0].shape;
  const auto given = [&](std::size_t i) {
    return in.has(i) && ElementCount(in.types[i].shape) > 0;
  };
  if (given(2) == given(3) && !x.empty()) {
    return Fail("{} of scales and sizes are given, exactly one is needed",
                given(2) ? "both" : "none");
  }
  if (given(3)) {
    BW_ASSIGN(const Shape sizes, KnownInts(in, 3, "sizes"));
    return AxesFromSizes(x, sizes);
  }
  if (x.empty()) return std::vector<Axis>{};
  BW_TRY(CheckFloat(in, 2));
  if (in.constants[2] == nullptr) return NotKnown(in, 2, "scales");
  return AxesFromScales(x, in.constants[2]->span<float>());
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 4, 1}));
  BW_TRY(CheckModes(in.node));
  const std::string mode = in.node.attributes.String("mode", "nearest");
  if (mode == "linear") BW_TRY(CheckFloat(in, 0));
  BW_ASSIGN(const auto axes, InferAxes(in));
  TensorType out{in.types[0].dtype, {}};
  for (const Axis& axis : axes) out.shape.push_back(axis.out);
  return Types{std::move(out)};
}

// The input position of output element o.
double Position(const std::string& mode, const Axis& axis, std::int64_t o) {
  const auto x = static_cast<double>(o);
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "align_corners") {
    if (axis.out <= 1) return 0;
    return x * static_cast<double>(axis.in - 1) / static_cast<double>(axis.out - 1);
  }
  if (mode == "pytorch_half_pixel" && axis.out <= 1) return 0;
  return (x + 0.5) / axis.scale - 0.5;
}

double RoundToNearest(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

std::int64_t Clamped(double position, const Axis& axis) {
  return static_cast<std::int64_t>(std::clamp(position, 0.0, static_cast<double>(axis.in - 1)));
}

void Nearest(const Node& node, const std::vector<Axis>& axes, const ConstTensorRef& input,
             const TensorRef& output) {
  const auto coordinates = node.attributes.String("coordinate_transformation_mode", "half_pixel");
  const auto rounding = node.attributes.String("nearest_mode", "round_prefer_floor");
  std::vector<std::vector<std::int64_t>> maps(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::int64_t o = 0; o < axes[i].out; ++o) {
      const double position = Position(coordinates, axes[i], o);
      maps[i].push_back(Clamped(RoundToNearest(rounding, position), axes[i]));
    }
  }
  DispatchAny(output.dtype, [&]<typename T>() { GatherByMaps<T>(input, output, maps, T{}); });
}

// Interpolates one axis of a tensor seen as [outer, axis.in, inner].
std::vector<double> LinearAxis(const std::vector<double>& x, const std::string& mode,
                               const Axis& axis, std::size_t inner) {
  const auto in = static_cast<std::size_t>(axis.in), out = static_cast<std::size_t>(axis.out);
  const std::size_t outer = x.size() / (in * inner);
  std::vector<double> y(outer * out * inner);
  for (std::size_t o = 0; o < out; ++o) {
    const double limit = static_cast<double>(in - 1);
    const double at = std::clamp(Position(mode, axis, static_cast<std::int64_t>(o)), 0.0, limit);
    const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, in - 1);
    const double share = at - std::floor(at);
    for (std::size_t i = 0; i < outer * inner; ++i) {
      const std::size_t row = i / inner * in, column = i % inner;
      y[(i / inner * out + o) * inner + column] =
          (1 - share) * x[(row + low) * inner + column] + share * x[(row + high) * inner + column];
    }
  }
  return y;
}

void Linear(const Node& node, const std::vector<Axis>& axes, const ConstTensorRef& input,
            const TensorRef& output) {
  const auto mode = node.attributes.String("coordinate_transformation_mode", "half_pixel");
  const auto x = input.span<float>();
  std::vector<double> values(x.begin(), x.end());
  std::size_t inner = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (axes[i].in != axes[i].out || axes[i].scale != 1) {
      values = LinearAxis(values, mode, axes[i], inner);
    }
    inner *= static_cast<std::size_t>(axes[i].out);
  }
  const auto y = output.span<float>();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(values[i]);
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  if (outputs[0].size() == 0) return;
  const Shape& x = inputs[0].shape;
  const bool sized = inputs.size() > 3 && inputs[3].data != nullptr && inputs[3].size() > 0;
  std::vector<Axis> axes;
  if (sized) {
    axes = AxesFromSizes(x, ReadInts(inputs[3])).value();
  } else if (!x.empty()) {
    axes = AxesFromScales(x, inputs[2].span<float>()).value();
  }
  const bool linear = node.attributes.String("mode", "nearest") == "linear";
  (linear ? Linear : Nearest)(node, axes, inputs[0], outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, resize) = {.name = "Resize", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
