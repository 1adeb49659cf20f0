// x * tanh(softplus(x)).

#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Value(double x) { return x * std::tanh(x > 30 ? x : std::log1p(std::exp(x))); }

}  // namespace

BW_ENTRY(OpDef, mish) = {.name = "Mish",
                         .role = OpRole::kElementwise,
                         .infer = SameFloat,
                         .since = 18,
                         .reference = MapFloats<Value>};

}  // namespace bw::ops
