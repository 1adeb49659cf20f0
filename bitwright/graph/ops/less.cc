#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

struct Holds {
  template <typename T>
  static bool Apply(T a, T b) {
    return a < b;
  }
};

}  // namespace

BW_ENTRY(OpDef, less) = {.name = "Less", .infer = CompareTwo, .reference = ComparePairs<Holds>};

}  // namespace bw::ops
