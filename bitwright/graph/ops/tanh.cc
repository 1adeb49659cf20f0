#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::tanh(x); }

}  // namespace

BW_ENTRY(OpDef, tanh) = {.name = "Tanh",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
