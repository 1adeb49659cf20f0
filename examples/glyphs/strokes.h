#pragma once
// The ten glyph classes as lines in a box of about [-1, 1] x [-1, 1], y pointing down.

#include <array>
#include <string_view>
#include <vector>

namespace glyphs {

struct Point {
  double x = 0;
  double y = 0;
};
// Joined by straight segments.
using Polyline = std::vector<Point>;

enum class Joints {
  kSharp,  // the line passes through its controls
  kRound,  // the controls of a uniform quadratic B-spline
};
struct Stroke {
  Joints joints;
  std::vector<Point> controls;
};

inline constexpr int kClasses = 10;
// Neighbours (0 and 1, 2 and 3, ...) are deliberately similar.
inline constexpr std::array<std::string_view, kClasses> kClassNames = {
    "ring", "horseshoe", "zed", "ess", "arrow", "fork", "triangle", "dee", "cross", "dagger"};

// The strokes of a class in [0, kClasses).
const std::vector<Stroke>& ClassStrokes(int label);

// Rounded strokes become chords, a few per control.
Polyline Flatten(const Stroke& stroke);

}  // namespace glyphs
