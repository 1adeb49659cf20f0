#include "bitwright/runtime/onednn/broadcast.h"

namespace bw::kernels {
namespace {

struct Minus {
  float operator()(float a, float b) const { return a - b; }
};

}  // namespace

BW_ENTRY(KernelBinding, sub) = {"Sub", MakeBroadcast<Minus>};

}  // namespace bw::kernels
