#pragma once
// One axis of Resize: which inputs an output is the weighted sum of.

#include <string>
#include <utility>
#include <vector>

#include "bitwright/graph/graph.h"

namespace bw::ops {

// `exact` is the length before rounding down; `start` and `end` are the region of
// tf_crop_and_resize, 0 and 1 otherwise.
struct ResizeAxis {
  std::int64_t in = 0, out = 0;
  double scale = 1, exact = 0, start = 0, end = 1;
};

// The attributes.
struct ResizeRule {
  std::string mode, coordinates, nearest;
  double cubic = -0.75;
  bool exclude_outside = false, antialias = false;
};

ResizeRule ReadResizeRule(const Node& node);

// Places and weights of one output; `outside`: the extrapolation value instead.
struct ResizeTaps {
  std::vector<std::pair<std::int64_t, double>> taps;
  bool outside = false;
};

std::vector<ResizeTaps> TapsOf(const ResizeRule& rule, const ResizeAxis& axis);

}  // namespace bw::ops
