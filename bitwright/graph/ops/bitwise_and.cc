#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Bits {
  template <typename T>
  static T Apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};

}  // namespace

BW_ENTRY(OpDef, bitwise_and) = {
    .name = "BitwiseAnd", .infer = BroadcastIntegers, .since = 18, .reference = MapIntegers<Bits>};

}  // namespace bw::ops
