#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return x / (1 + std::abs(x)); }

}  // namespace

BW_ENTRY(OpDef, softsign) = {.name = "Softsign",
                             .role = OpRole::kElementwise,
                             .infer = SameFloat,
                             .reference = MapFloats<Value>};

}  // namespace bw::ops
