#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Times {
  template <typename T>
  static T Apply(T a, T b) {
    return Wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};

}  // namespace

BW_ENTRY(OpDef, mul) = {
    .name = "Mul", .role = OpRole::kBinary, .infer = BroadcastTwo, .reference = MapBinary<Times>};

}  // namespace bw::ops
