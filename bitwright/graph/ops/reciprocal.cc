#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return 1 / x; }

}  // namespace

BW_ENTRY(OpDef, reciprocal) = {.name = "Reciprocal",
                               .role = OpRole::kElementwise,
                               .infer = SameFloat,
                               .reference = MapFloats<Value>};

}  // namespace bw::ops
