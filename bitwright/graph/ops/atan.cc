#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::atan(x); }

}  // namespace

BW_ENTRY(OpDef, atan) = {.name = "Atan",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
