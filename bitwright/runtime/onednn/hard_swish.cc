#include <algorithm>

#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {
namespace {

// In double, as the reference computes it.
struct HardSwish {
  float operator()(float x) const {
    const auto wide = static_cast<double>(x);
    return static_cast<float>(wide * std::clamp(wide / 6.0 + 0.5, 0.0, 1.0));
  }
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeMap(inputs, HardSwish{});
}

}  // namespace

BW_ENTRY(KernelBinding, hard_swish) = {"HardSwish", Make};

}  // namespace bw::kernels
