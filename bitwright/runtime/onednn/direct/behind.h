#pragma once
// What stands behind the sums of a ConvLast, for kernels of our own.

#include <limits>

#include "bitwright/graph/graph.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {

// y = min(max(sum, low), high).
struct Bounds {
  explicit Bounds(const Node& node)
      : low(node.attributes.Float("low", -std::numeric_limits<float>::infinity())),
        high(node.attributes.Float("high", std::numeric_limits<float>::infinity())) {}

  // Sixteen sums, and what is added to them or null, into y.
  inline __attribute__((always_inline)) void Put(const Lanes& sums, const float* addend,
                                                 float* y) const {
    Lanes sum = sums;
    if (addend != nullptr) sum += *reinterpret_cast<const Lanes*>(addend);
    const Lanes least = low - Lanes{}, most = high - Lanes{};
    const Lanes raised = sum < least ? least : sum;
    *reinterpret_cast<Lanes*>(y) = most < raised ? most : raised;
  }

  float low, high;
};

}  // namespace bw::kernels
