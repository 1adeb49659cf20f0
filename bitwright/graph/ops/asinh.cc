#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::asinh(x); }

}  // namespace

BW_ENTRY(OpDef, asinh) = {.name = "Asinh",
                          .role = OpRole::kElementwise,
                          .infer = SameFloat,
                          .reference = MapFloats<Value>};

}  // namespace bw::ops
