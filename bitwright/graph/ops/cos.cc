#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::cos(x); }

}  // namespace

BW_ENTRY(OpDef, cos) = {
    .name = "Cos", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Value>};

}  // namespace bw::ops
