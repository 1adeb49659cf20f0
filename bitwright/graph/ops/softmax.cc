#include "bitwright/graph/ops/softmax.h"

namespace bw::ops {
namespace {

double Finish(double x, double sum) { return std::exp(x) / sum; }

}  // namespace

BW_ENTRY(OpDef, softmax) = {
    .name = "Softmax", .infer = SoftmaxType, .reference = SoftmaxRows<Finish>};

}  // namespace bw::ops
