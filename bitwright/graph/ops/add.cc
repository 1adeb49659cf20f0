#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Plus {
  template <typename T>
  static T Apply(T a, T b) {
    return Wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};

}  // namespace

BW_ENTRY(OpDef, add) = {
    .name = "Add", .role = OpRole::kBinary, .infer = BroadcastTwo, .reference = MapBinary<Plus>};

}  // namespace bw::ops
