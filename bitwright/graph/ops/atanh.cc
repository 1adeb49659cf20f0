#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::atanh(x); }

}  // namespace

BW_ENTRY(OpDef, atanh) = {.name = "Atanh",
                          .role = OpRole::kElementwise,
                          .infer = SameFloat,
                          .reference = MapFloats<Value>};

}  // namespace bw::ops
