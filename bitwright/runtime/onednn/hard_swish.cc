#include "bitwright/runtime/onednn/unit_interval.h"

namespace bw::kernels {
namespace {

// In double, where the law divides by 6: a product is several times faster, and the two differ by a
// rounding of the float at most, where their doubles straddle a rounding point.
struct HardSwish {
  UnitInterval unit{};
  float operator()(float x) const {
    const auto wide = static_cast<double>(x);
    return static_cast<float>(wide * unit(wide * (1.0 / 6.0) + 0.5));
  }
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeMap(inputs, HardSwish{});
}

}  // namespace

BW_ENTRY(KernelBinding, hard_swish) = {"HardSwish", Make};

}  // namespace bw::kernels
