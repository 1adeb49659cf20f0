#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::floor(x); }

}  // namespace

BW_ENTRY(OpDef, floor) = {.name = "Floor",
                          .role = OpRole::kElementwise,
                          .infer = SameFloat,
                          .reference = MapFloats<Value>};

}  // namespace bw::ops
