// Samples an image [N, C, spatial...] at the places of a grid [N, out..., axes], x first, in [-1,
// 1]: nearest, linear or cubic; beyond the border zeros, the border or its reflection.

#include <array>
#include <cmath>
#include <string>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(CheckFloat(in, 1));
  const Shape &x = in.types[0].shape, &grid = in.types[1].shape;
  const std::size_t rank = x.size();
  if (rank < 3 || rank > 5 || grid.size() != rank || grid[0] != x[0] ||
      grid.back() != static_cast<std::int64_t>(rank) - 2 || Product(x, 2, rank) == 0) {
    return Fail("input is {} and grid {}, [N, C, spatial...] and [N, out..., axes] are needed",
                ShapeText(x), ShapeText(grid));
  }
  const std::string mode = in.node.attributes.String("mode", "linear");
  const bool cubic = mode == "cubic" || mode == "bicubic";
  const bool known = cubic || mode == "linear" || mode == "bilinear" || mode == "nearest";
  if (!known) return Fail("mode is '{}', allowed: linear, nearest, cubic", mode);
  const std::string padding = in.node.attributes.String("padding_mode", "zeros");
  if (padding != "zeros" && padding != "border" && padding != "reflection") {
    return Fail("padding_mode is '{}', allowed: zeros, border, reflection", padding);
  }
  Shape out = {x[0], x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  return Types{{DType::kFloat32, std::move(out)}};
}

// How places are read.
struct Sampler {
  std::string padding;
  bool nearest = false, cubic = false, corners = false;

  // From [-1, 1] to pixels.
  double Pixel(double at, std::int64_t extent) const {
    const auto n = static_cast<double>(extent);
    return corners ? (at + 1) / 2 * (n - 1) : ((at + 1) * n - 1) / 2;
  }

  double Reflect(double x, std::int64_t extent) const {
    const double low = corners ? 0 : -0.5;
    const double high = static_cast<double>(extent) - (corners ? 1 : 0.5);
    const double range = high - low;
    if (range <= 0) return 0;
    if (!std::isfinite(x)) return low;
    double away = std::fmod(std::abs(x - low), 2 * range);
    if (away > range) away = 2 * range - away;
    return low + away;
  }

  // The pixel that stands for place i; -1: zero.
  std::int64_t Place(double i, std::int64_t extent) const {
    const auto last = static_cast<double>(extent - 1);
    if (padding == "zeros" && !(i >= 0 && i <= last)) return -1;
    if (padding == "reflection") i = Reflect(i, extent);
    if (!(i >= 0)) return 0;
    return static_cast<std::int64_t>(std::nearbyint(std::min(i, last)));
  }

  // Up to four pixels and weights around a place.
  struct Taps {
    std::array<std::int64_t, 4> place{};
    std::array<double, 4> weight{};
    std::size_t count = 0;
    void Add(std::int64_t p, double w) {
      place[count] = p;
      weight[count++] = w;
    }
  };

  static double Cubic(double distance) {
    constexpr double kA = -0.75;
    const double d = std::abs(distance);
    if (d <= 1) return ((kA + 2) * d - (kA + 3)) * d * d + 1;
    return d < 2 ? ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA : 0;
  }

  Taps At(double grid, std::int64_t extent) const {
    double x = Pixel(grid, extent);
    if (!std::isfinite(x)) x = -1;
    if (padding == "border" && !cubic) x = std::clamp(x, 0.0, static_cast<double>(extent - 1));
    if (padding == "reflection" && !cubic) {
      x = std::clamp(Reflect(x, extent), 0.0, static_cast<double>(extent - 1));
    }
    Taps taps;
    if (nearest) {
      taps.Add(Place(std::nearbyint(x), extent), 1);
      return taps;
    }
    const double low = std::floor(x);
    for (int i = cubic ? -1 : 0; i < (cubic ? 3 : 2); ++i) {
      const double distance = x - (low + i);
      taps.Add(Place(low + i, extent), cubic ? Cubic(distance) : 1 - std::abs(distance));
    }
    return taps;
  }
};

// The weighted sum over all axes, the last varying fastest.
double Blend(const float* image, std::span<const std::int64_t> extents,
             std::span<const Sampler::Taps> taps) {
  if (taps.empty()) return static_cast<double>(*image);
  std::int64_t inner = 1;
  for (const std::int64_t extent : extents.subspan(1)) inner *= extent;
  double sum = 0;
  for (std::size_t i = 0; i < taps[0].count; ++i) {
    if (taps[0].place[i] < 0 || taps[0].weight[i] == 0) continue;
    sum += taps[0].weight[i] *
           Blend(image + taps[0].place[i] * inner, extents.subspan(1), taps.subspan(1));
  }
  return sum;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::string mode = node.attributes.String("mode", "linear");
  const Sampler sampler{node.attributes.String("padding_mode", "zeros"), mode == "nearest",
                        mode == "cubic" || mode == "bicubic",
                        node.attributes.Int("align_corners", 0) != 0};
  const Shape& shape = inputs[0].shape;
  const std::size_t axes = shape.size() - 2;
  const std::span extents = std::span(shape).subspan(2);
  const std::int64_t image = Product(shape, 2, shape.size());
  const std::int64_t points = Product(inputs[1].shape, 1, axes + 1);
  const float* x = inputs[0].span<float>().data();
  const float* grid = inputs[1].span<float>().data();
  const auto y = outputs[0].span<float>();
  std::vector<Sampler::Taps> taps(axes);
  for (std::int64_t i = 0; i < shape[0] * points; ++i) {
    const std::int64_t n = i / points;
    for (std::size_t a = 0; a < axes; ++a) {
      const float place = grid[static_cast<std::size_t>(i) * axes + (axes - 1 - a)];
      taps[a] = sampler.At(static_cast<double>(place), extents[a]);
    }
    for (std::int64_t c = n * shape[1]; c < (n + 1) * shape[1]; ++c) {
      y[static_cast<std::size_t>(c * points + i % points)] =
          static_cast<float>(Blend(x + c * image, extents, taps));
    }
  }
}

constexpr AttributeRule kAttributes[] = {{"align_corners", AttributeRule::Kind::kInt}};

}  // namespace

BW_ENTRY(OpDef, grid_sample) = {
    .name = "GridSample", .infer = Infer, .attributes = kAttributes, .reference = Reference};

}  // namespace bw::ops
