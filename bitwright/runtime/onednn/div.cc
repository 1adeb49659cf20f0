#include "bitwright/runtime/onednn/broadcast.h"

namespace bw::kernels {
namespace {

struct Over {
  float operator()(float a, float b) const { return a / b; }
};

}  // namespace

BW_ENTRY(KernelBinding, div) = {"Div", MakeBroadcast<Over>};

}  // namespace bw::kernels
