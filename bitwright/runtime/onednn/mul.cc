#include "bitwright/runtime/onednn/broadcast.h"

namespace bw::kernels {
namespace {

struct Times {
  float operator()(float a, float b) const { return a * b; }
};

}  // namespace

BW_ENTRY(KernelBinding, mul) = {"Mul", MakeBroadcast<Times>};

}  // namespace bw::kernels
