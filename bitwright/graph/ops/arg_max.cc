#include "bitwright/graph/ops/arg.h"

namespace bw::ops {
namespace {

struct Before {
  template <typename T>
  static bool Holds(T a, T b) {
    return a > b;
  }
};

}  // namespace

BW_ENTRY(OpDef, arg_max) = {.name = "ArgMax", .infer = ArgType, .reference = ArgFirst<Before>};

}  // namespace bw::ops
