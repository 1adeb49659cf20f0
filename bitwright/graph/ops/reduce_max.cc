#include <limits>

#include "bitwright/graph/ops/reduce_axes.h"

namespace bw::ops {
namespace {

struct Before {
  template <typename T>
  static T Last() {
    using Limits = std::numeric_limits<T>;
    if constexpr (Limits::has_infinity) return -Limits::infinity();
    return Limits::lowest();
  }
  template <typename T>
  static bool Holds(T a, T b) {
    return a > b;
  }
};

}  // namespace

BW_ENTRY(OpDef, reduce_max) = {.name = "ReduceMax",
                               .role = OpRole::kMovement,
                               .infer = ReduceComparable,
                               .since = 18,
                               .attributes = kReduceAttributes,
                               .reference = ReduceToFirst<Before>};

}  // namespace bw::ops
