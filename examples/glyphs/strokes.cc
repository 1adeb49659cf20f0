#include "examples/glyphs/strokes.h"

#include "bitwright/base/check.h"

namespace glyphs {
namespace {

constexpr int kChords = 5;

std::vector<std::vector<Stroke>> MakeClasses() {
  using enum Joints;
  const Stroke shaft = {kSharp, {{0, -1}, {0, 1}}};
  return {
      {{kRound, {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}, {-1, -1}, {1, -1}}}},
      {{kRound, {{1.2, -0.4}, {0.8, -1}, {-1, -1}, {-1, 1}, {0.8, 1}, {1.2, 0.4}}}},
      {{kSharp, {{-0.8, -0.9}, {0.8, -0.9}, {-0.8, 0.9}, {0.8, 0.9}}}},
      {{kRound,
        {{-1, -0.4},
         {-0.8, -1.1},
         {1.1, -1},
         {0.7, -0.1},
         {-0.7, 0.1},
         {-1.1, 1},
         {0.8, 1.1},
         {1, 0.4}}}},
      {shaft, {kSharp, {{-0.7, -0.25}, {0, -1}, {0.7, -0.25}}}},
      {shaft, {kSharp, {{-0.7, -0.9}, {0, -0.15}, {0.7, -0.9}}}},
      {{kSharp, {{-0.7, -1}, {0.9, 0}, {-0.7, 1}, {-0.7, -1}}}},
      {{kSharp, {{-0.7, -1}, {-0.7, 1}}},
       {kRound, {{-1.4, -1}, {0, -1}, {1, -0.8}, {1, 0.8}, {0, 1}, {-1.4, 1}}}},
      {shaft, {kSharp, {{-0.9, 0}, {0.9, 0}}}},
      {shaft, {kSharp, {{-0.8, -0.4}, {0.8, -0.4}}}, {kSharp, {{-0.8, 0.35}, {0.8, 0.35}}}},
  };
}

// (1-t)^2 (a+b)/2 + 2t(1-t) b + t^2 (b+c)/2.
Point Spline(Point a, Point b, Point c, double t) {
  const double first = 0.5 * (1 - t) * (1 - t);
  const double last = 0.5 * t * t;
  const double middle = 1 - first - last;
  return {first * a.x + middle * b.x + last * c.x, first * a.y + middle * b.y + last * c.y};
}

}  // namespace

const std::vector<Stroke>& ClassStrokes(int label) {
  static const std::vector<std::vector<Stroke>> classes = MakeClasses();
  BW_CHECK(label >= 0 && label < kClasses);
  return classes[static_cast<std::size_t>(label)];
}

Polyline Flatten(const Stroke& stroke) {
  if (stroke.joints == Joints::kSharp) return stroke.controls;
  const std::vector<Point>& at = stroke.controls;
  Polyline line = {Spline(at[0], at[1], at[2], 0)};
  for (std::size_t i = 2; i < at.size(); ++i) {
    for (int k = 1; k <= kChords; ++k) {
      line.push_back(Spline(at[i - 2], at[i - 1], at[i], static_cast<double>(k) / kChords));
    }
  }
  return line;
}

}  // namespace glyphs
