#include <limits>

#include "bitwright/graph/ops/reduce_axes.h"

namespace bw::ops {
namespace {

struct Fold {
  static double Start() { return 0; }
  static double Step(double sum, double x) { return sum + x; }
  static double Finish(double sum, double) { return std::log(sum); }
};

}  // namespace

BW_ENTRY(OpDef, reduce_log_sum) = {.name = "ReduceLogSum",
                                   .infer = ReduceSums,
                                   .since = 18,
                                   .attributes = kReduceAttributes,
                                   .reference = ReduceDoubles<Fold>};

}  // namespace bw::ops
