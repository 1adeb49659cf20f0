#include "bitwright/graph/ops/softmax.h"

namespace bw::ops {
namespace {

double Finish(double x, double sum) { return x - std::log(sum); }

}  // namespace

BW_ENTRY(OpDef, log_softmax) = {
    .name = "LogSoftmax", .infer = SoftmaxType, .reference = SoftmaxRows<Finish>};

}  // namespace bw::ops
