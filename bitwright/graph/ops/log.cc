#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::log(x); }

}  // namespace

BW_ENTRY(OpDef, log) = {
    .name = "Log", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Value>};

}  // namespace bw::ops
