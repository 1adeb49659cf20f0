#include <algorithm>
#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

BW_ENTRY(OpDef, softplus) = {.name = "Softplus",
                             .role = OpRole::kElementwise,
                             .infer = SameFloat,
                             .reference = MapFloats<Value>};

}  // namespace bw::ops
