#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::sqrt(x); }

}  // namespace

BW_ENTRY(OpDef, sqrt) = {.name = "Sqrt",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
