#include <limits>

#include "bitwright/graph/ops/reduce_axes.h"

namespace bw::ops {
namespace {

struct Fold {
  static constexpr int kStart = 0;
  template <typename T>
  static T Step(T sum, T x) {
    return static_cast<
               std::make_signed_t<std::conditional_t<std::is_integral_v<T>, T, std::int64_t>>>(x) <
                   0
               ? sum - x
               : sum + x;
  }
};

}  // namespace

BW_ENTRY(OpDef, reduce_l1) = {.name = "ReduceL1",
                              .infer = ReduceSums,
                              .since = 18,
                              .attributes = kReduceAttributes,
                              .reference = ReduceExactly<Fold>};

}  // namespace bw::ops
