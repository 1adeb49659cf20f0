#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Greatest {
  template <typename T>
  static T Apply(T a, T b) {
    return b > a || b != b ? b : a;  // NaN wins
  }
};

}  // namespace

BW_ENTRY(OpDef, max) = {.name = "Max",
                        .role = OpRole::kBinary,
                        .infer = BroadcastTwo,
                        .reference = MapBinary<Greatest>};

}  // namespace bw::ops
