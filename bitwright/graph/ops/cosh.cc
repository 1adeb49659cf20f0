#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::cosh(x); }

}  // namespace

BW_ENTRY(OpDef, cosh) = {.name = "Cosh",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
