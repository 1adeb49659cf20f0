#include "bitwright/runtime/onednn/broadcast.h"

namespace bw::kernels {
namespace {

struct Bend {
  float operator()(float x, float slope) const { return x < 0 ? slope * x : x; }
};

}  // namespace

BW_ENTRY(KernelBinding, prelu) = {"PRelu", MakeBroadcast<Bend>};

}  // namespace bw::kernels
