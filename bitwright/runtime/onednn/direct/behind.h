#pragma once
// The bounds behind the sums of a convolution, for loops of our own.

#include <algorithm>
#include <limits>

#include "bitwright/graph/graph.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {

// y = min(max(sum, low), high). As vectors in memory, since compilers take many instructions to
// spread a float.
struct Bounds {
  explicit Bounds(const Node& node)
      : Bounds(node.attributes.Float("low", -std::numeric_limits<float>::infinity()),
               node.attributes.Float("high", std::numeric_limits<float>::infinity())) {}
  Bounds(float least, float most) {
    std::fill_n(low, kLanes, least);
    std::fill_n(high, kLanes, most);
  }

  inline __attribute__((always_inline)) void Put(const Lanes& sums, float* y) const {
    const Lanes least = *reinterpret_cast<const Lanes*>(low);
    const Lanes most = *reinterpret_cast<const Lanes*>(high);
    const Lanes raised = sums < least ? least : sums;
    *reinterpret_cast<Lanes*>(y) = most < raised ? most : raised;
  }

  float low[kLanes], high[kLanes];
};

}  // namespace bw::kernels
