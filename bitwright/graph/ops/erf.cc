#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::erf(x); }

}  // namespace

BW_ENTRY(OpDef, erf) = {
    .name = "Erf", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Value>};

}  // namespace bw::ops
