#include <limits>

#include "bitwright/graph/ops/reduce_axes.h"

namespace bw::ops {
namespace {

struct Fold {
  static constexpr int kStart = 0;
  template <typename T>
  static T Step(T sum, T x) {
    return sum + x;
  }
};

}  // namespace

BW_ENTRY(OpDef, reduce_sum) = {.name = "ReduceSum",
                               .infer = ReduceSums,
                               .since = 18,
                               .attributes = kReduceAttributes,
                               .reference = ReduceExactly<Fold>};

}  // namespace bw::ops
