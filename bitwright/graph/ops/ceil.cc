#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::ceil(x); }

}  // namespace

BW_ENTRY(OpDef, ceil) = {.name = "Ceil",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
