#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

double Relu(double x) { return x < 0 ? 0 : x; }  // NaN stays NaN

}  // namespace

BW_ENTRY(OpDef, relu) = {
    .name = "Relu", .role = OpRole::kElementwise, .infer = SameFloat, .reference = MapFloats<Relu>};

}  // namespace bw::ops
