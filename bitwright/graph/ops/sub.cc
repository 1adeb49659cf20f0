#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Minus {
  template <typename T>
  static T Apply(T a, T b) {
    return Wrapping(a, b, [](auto x, auto y) { return x - y; });
  }
};

}  // namespace

BW_ENTRY(OpDef, sub) = {
    .name = "Sub", .role = OpRole::kBinary, .infer = BroadcastTwo, .reference = MapBinary<Minus>};

}  // namespace bw::ops
