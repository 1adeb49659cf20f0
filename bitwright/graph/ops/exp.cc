#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::exp(x); }

}  // namespace

BW_ENTRY(OpDef, exp) = {
    .name = "Exp", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Value>};

}  // namespace bw::ops
