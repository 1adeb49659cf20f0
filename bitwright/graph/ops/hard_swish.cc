#include <algorithm>
#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }

}  // namespace

BW_ENTRY(OpDef, hard_swish) = {.name = "HardSwish",
                               .role = OpRole::kElementwise,
                               .infer = SameFloat,
                               .reference = MapFloats<Value>};

}  // namespace bw::ops
