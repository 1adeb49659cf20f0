#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return std::acosh(x); }

}  // namespace

BW_ENTRY(OpDef, acosh) = {.name = "Acosh",
                          .role = OpRole::kElementwise,
                          .infer = SameFloat,
                          .reference = MapFloats<Value>};

}  // namespace bw::ops
