// To the nearest integer, ties to even.

#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::nearbyint(x); }

}  // namespace

BW_ENTRY(OpDef, round) = {.name = "Round",
                          .role = OpRole::kElementwise,
                          .infer = SameFloat,
                          .reference = MapFloats<Value>};

}  // namespace bw::ops
