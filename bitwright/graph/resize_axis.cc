#include "bitwright/graph/resize_axis.h"

#include <algorithm>
#include <cmath>

namespace bw::ops {
namespace {

// The input position of output element o.
double Position(const ResizeRule& rule, const ResizeAxis& axis, std::int64_t o) {
  const auto x = static_cast<double>(o), in = static_cast<double>(axis.in);
  const std::string& mode = rule.coordinates;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "align_corners") return axis.exact == 1 ? 0 : x * (in - 1) / (axis.exact - 1);
  if (mode == "pytorch_half_pixel" && axis.exact <= 1) return 0;
  if (mode == "tf_crop_and_resize") {
    if (axis.out <= 1) return (axis.end - axis.start) * (in - 1) / 2;
    const double step = (axis.end - axis.start) * (in - 1) / (static_cast<double>(axis.out) - 1);
    return axis.start * (in - 1) + x * step;
  }
  if (mode == "half_pixel_symmetric") {
    const double adjustment = static_cast<double>(axis.out) / axis.exact;
    const double centre = in / 2;
    return centre * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5;
  }
  return (x + 0.5) / axis.scale - 0.5;
}

double RoundToNearest(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

// Interpolation kernels of distance.
double Linear(double distance) { return std::max(0.0, 1 - std::abs(distance)); }

double Cubic(double distance, double a) {
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

// Weights by distance from `at`, stretched by 1/scale where antialiasing widens the kernel.
ResizeTaps Weighted(const ResizeRule& rule, const ResizeAxis& axis, double at) {
  const bool cubic = rule.mode == "cubic";
  const double squeeze = rule.antialias ? std::min(1.0, axis.scale) : 1;
  const double reach = (cubic ? 2 : 1) / squeeze;
  ResizeTaps result;
  double sum = 0;
  for (auto i = static_cast<std::int64_t>(std::floor(at - reach));
       i <= static_cast<std::int64_t>(std::ceil(at + reach)); ++i) {
    const double distance = (static_cast<double>(i) - at) * squeeze;
    const double weight = cubic ? Cubic(distance, rule.cubic) : Linear(distance);
    const bool inside = i >= 0 && i < axis.in;
    if (weight == 0 || (rule.exclude_outside && !inside)) continue;
    result.taps.emplace_back(std::clamp<std::int64_t>(i, 0, axis.in - 1), weight);
    sum += weight;
  }
  for (auto& [place, weight] : result.taps) weight /= sum;
  return result;
}

}  // namespace

ResizeRule ReadResizeRule(const Node& node) {
  const Attributes& a = node.attributes;
  return {a.String("mode", "nearest"),
          a.String("coordinate_transformation_mode", "half_pixel"),
          a.String("nearest_mode", "round_prefer_floor"),
          static_cast<double>(a.Float("cubic_coeff_a", -0.75F)),
          a.Int("exclude_outside", 0) != 0,
          a.Int("antialias", 0) != 0};
}

std::vector<ResizeTaps> TapsOf(const ResizeRule& rule, const ResizeAxis& axis) {
  std::vector<ResizeTaps> all;
  const auto last = static_cast<double>(axis.in - 1);
  for (std::int64_t o = 0; o < axis.out; ++o) {
    const double at = Position(rule, axis, o);
    ResizeTaps taps;
    taps.outside = rule.coordinates == "tf_crop_and_resize" && (at < 0 || at > last);
    if (!taps.outside && rule.mode == "nearest") {
      const double place = std::clamp(RoundToNearest(rule.nearest, at), 0.0, last);
      taps.taps.emplace_back(static_cast<std::int64_t>(place), 1);
    } else if (!taps.outside) {
      taps = Weighted(rule, axis,
                      rule.mode == "linear" && !rule.antialias ? std::clamp(at, 0.0, last) : at);
    }
    all.push_back(std::move(taps));
  }
  return all;
}

}  // namespace bw::ops
