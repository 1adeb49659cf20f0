#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Least {
  template <typename T>
  static T Apply(T a, T b) {
    return b < a || b != b ? b : a;  // NaN wins
  }
};

}  // namespace

BW_ENTRY(OpDef, min) = {
    .name = "Min", .role = OpRole::kBinary, .infer = BroadcastTwo, .reference = MapBinary<Least>};

}  // namespace bw::ops
