#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::sin(x); }

}  // namespace

BW_ENTRY(OpDef, sin) = {
    .name = "Sin", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Value>};

}  // namespace bw::ops
