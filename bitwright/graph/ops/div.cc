#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Quotient {
  template <typename T>
  static T Apply(T a, T b) {
    if constexpr (std::is_same_v<T, float>) {
      return a / b;
    } else {
      // Towards zero; division by zero gives 0, and the least value over -1 wraps to itself.
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>) {
        if (b == -1) return Wrapping<T>(0, a, [](auto x, auto y) { return x - y; });
      }
      return static_cast<T>(a / b);
    }
  }
};

}  // namespace

BW_ENTRY(OpDef, div) = {.name = "Div",
                        .role = OpRole::kBinary,
                        .infer = BroadcastTwo,
                        .reference = MapBinary<Quotient>};

}  // namespace bw::ops
