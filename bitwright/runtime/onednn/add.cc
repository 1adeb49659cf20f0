#include "bitwright/runtime/onednn/broadcast.h"

namespace bw::kernels {
namespace {

struct Plus {
  float operator()(float a, float b) const { return a + b; }
};

}  // namespace

BW_ENTRY(KernelBinding, add) = {"Add", MakeBroadcast<Plus>};

}  // namespace bw::kernels
