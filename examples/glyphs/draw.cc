#include "examples/glyphs/draw.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "bitwright/base/rng.h"

namespace glyphs {
namespace {

using bw::Rng;
using Plane = std::array<double, kPixels>;

constexpr std::uint64_t kLabelStream = 0x6c6162656c73ULL;  // apart from the streams of the pictures

int LabelOf(std::uint64_t seed, std::uint64_t index) {
  std::vector<int> order(kClasses);
  std::iota(order.begin(), order.end(), 0);
  Rng rng(bw::RandomBits(seed ^ kLabelStream, index / kClasses));
  rng.Shuffle(order);
  return order[index % kClasses];
}

// An affine map from the glyph's box to pixels.
struct Pose {
  double xx, xy, yx, yy, x, y;
  Point operator()(Point p) const { return {xx * p.x + xy * p.y + x, yx * p.x + yy * p.y + y}; }
};

Pose RandomPose(Rng& rng) {
  // cos and sin by the half-angle tangent: up to 35 degrees either way.
  const double half = rng.Uniform(-0.315, 0.315);
  const double cosine = (1 - half * half) / (1 + half * half);
  const double sine = 2 * half / (1 + half * half);
  const double shear = rng.Uniform(-0.4, 0.4);
  const double wide = rng.Uniform(5.5, 9.5);
  const double high = rng.Uniform(5.5, 9.5);
  Pose pose{};
  pose.xx = cosine * wide;
  pose.xy = (cosine * shear - sine) * high;
  pose.yx = sine * wide;
  pose.yy = (sine * shear + cosine) * high;
  pose.x = 0.5 * kSide + rng.Uniform(-3, 3);
  pose.y = 0.5 * kSide + rng.Uniform(-3, 3);
  return pose;
}

double SquaredDistance(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double along = (p.x - a.x) * dx + (p.y - a.y) * dy;
  const double t = length > 0 ? std::clamp(along / length, 0.0, 1.0) : 0.0;
  const double ex = p.x - a.x - t * dx;
  const double ey = p.y - a.y - t * dy;
  return ex * ex + ey * ey;
}

// Adds to `ink` the share of each pixel that a pen of this width covers.
void DrawLine(const Polyline& line, double width, Plane& ink) {
  for (int i = 0; i < kPixels; ++i) {
    const Point centre = {i % kSide + 0.5, i / kSide + 0.5};
    double nearest = 1e9;
    for (std::size_t k = 1; k < line.size(); ++k) {
      nearest = std::min(nearest, SquaredDistance(centre, line[k - 1], line[k]));
    }
    const double cover = std::clamp(0.5 + 0.5 * width - std::sqrt(nearest), 0.0, 1.0);
    ink[i] = std::max(ink[i], cover);
  }
}

// A trembling hand: every control is moved a little.
Stroke Wobble(Stroke stroke, Rng& rng) {
  for (Point& p : stroke.controls) {
    p.x += rng.Uniform(-0.14, 0.14);
    p.y += rng.Uniform(-0.14, 0.14);
  }
  return stroke;
}

void DrawClass(int label, Rng& rng, Plane& ink) {
  const Pose pose = RandomPose(rng);
  const double width = rng.Uniform(1.0, 3.2);
  for (const Stroke& stroke : ClassStrokes(label)) {
    Polyline line = Flatten(Wobble(stroke, rng));
    for (Point& p : line) p = pose(p);
    DrawLine(line, width, ink);
  }
}

// Up to two short scratches that belong to no class.
void DrawScratches(Rng& rng, Plane& ink) {
  const std::uint64_t count = rng.Below(3);
  for (std::uint64_t k = 0; k < count; ++k) {
    Point from, to;
    from.x = rng.Uniform(0, kSide);
    from.y = rng.Uniform(0, kSide);
    to.x = from.x + rng.Uniform(-7, 7);
    to.y = from.y + rng.Uniform(-7, 7);
    DrawLine({from, to}, rng.Uniform(0.8, 1.8), ink);
  }
}

// [side, 1 - 2 side, side] along one axis, borders repeated.
Plane BlurAxis(const Plane& from, double side, int step, int (*place)(int)) {
  Plane to;
  for (int i = 0; i < kPixels; ++i) {
    const double before = place(i) > 0 ? from[i - step] : from[i];
    const double after = place(i) < kSide - 1 ? from[i + step] : from[i];
    to[i] = (1 - 2 * side) * from[i] + side * (before + after);
  }
  return to;
}

void Blur(Rng& rng, Plane& ink) {
  const std::uint64_t rounds = rng.Below(4);
  const double side = rng.Uniform(0.1, 0.25);
  for (std::uint64_t k = 0; k < rounds; ++k) {
    ink = BlurAxis(ink, side, 1, [](int i) { return i % kSide; });
    ink = BlurAxis(ink, side, kSide, [](int i) { return i / kSide; });
  }
}

// Ink on a paper whose brightness slopes, light on dark or dark on light.
Plane Expose(const Plane& ink, Rng& rng) {
  const double contrast = rng.Uniform(0.22, 0.75);
  const double dark = rng.Uniform(0, 1 - contrast);
  const bool light_ink = rng.Below(2) == 0;
  const double paper = light_ink ? dark : dark + contrast;
  const double gain = light_ink ? contrast : -contrast;
  const double slope_x = rng.Uniform(-0.2, 0.2) / kSide;
  const double slope_y = rng.Uniform(-0.2, 0.2) / kSide;
  Plane light;
  for (int i = 0; i < kPixels; ++i) {
    const double x = i % kSide - 0.5 * kSide;
    const double y = i / kSide - 0.5 * kSide;
    light[i] = paper + gain * ink[i] + slope_x * x + slope_y * y;
  }
  return light;
}

// A flat patch over a part of the picture, every other time.
void Occlude(Rng& rng, Plane& light) {
  if (rng.Below(2) == 0) return;
  const double wide = rng.Uniform(3, 9);
  const double high = rng.Uniform(3, 9);
  const double left = rng.Uniform(0, kSide - wide);
  const double top = rng.Uniform(0, kSide - high);
  const double level = rng.Uniform();
  for (int i = 0; i < kPixels; ++i) {
    const double x = i % kSide + 0.5 - left;
    const double y = i / kSide + 0.5 - top;
    if (x > 0 && x < wide && y > 0 && y < high) light[i] = level;
  }
}

// Bell-shaped: the sum of four uniform numbers, of standard deviation `sigma`.
void AddNoise(Rng& rng, Plane& light) {
  const double sigma = rng.Uniform(0.02, 0.14);
  for (double& value : light) {
    double sum = -2;
    for (int k = 0; k < 4; ++k) sum += rng.Uniform();
    value += sigma * 1.7320508075688772 * sum;
  }
}

}  // namespace

Image DrawGlyph(std::uint64_t seed, std::uint64_t index) {
  Image image;
  image.label = LabelOf(seed, index);
  Rng rng(bw::RandomBits(seed, index));
  Plane ink{};
  DrawClass(image.label, rng, ink);
  DrawScratches(rng, ink);
  Blur(rng, ink);
  Plane light = Expose(ink, rng);
  Occlude(rng, light);
  AddNoise(rng, light);
  for (int i = 0; i < kPixels; ++i) {
    image.pixels[i] = static_cast<std::uint8_t>(std::clamp(light[i], 0.0, 1.0) * 255 + 0.5);
  }
  return image;
}

}  // namespace glyphs
