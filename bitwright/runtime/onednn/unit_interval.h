#pragma once
// What HardSigmoid and HardSwish share.

#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {

// Clamps into [0, 1]. The bounds are members because the compiler makes branches of constants, and
// branches do not vectorise.
struct UnitInterval {
  double low = 0, high = 1;
  double operator()(double x) const {
    const double raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
};

}  // namespace bw::kernels
