#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

BW_ENTRY(OpDef, sigmoid) = {.name = "Sigmoid",
                            .role = OpRole::kElementwise,
                            .infer = SameFloat,
                            .reference = MapFloats<Value>};

}  // namespace bw::ops
