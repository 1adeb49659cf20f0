#include "bitwright/runtime/onednn/unit_interval.h"

namespace bw::kernels {
namespace {

// In double, as the reference computes it.
struct HardSigmoid {
  double alpha, beta;
  UnitInterval unit{};
  float operator()(float x) const {
    return static_cast<float>(unit(alpha * static_cast<double>(x) + beta));
  }
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeMap(inputs, HardSigmoid{static_cast<double>(node.attributes.Float("alpha", 0.2F)),
                                     static_cast<double>(node.attributes.Float("beta", 0.5F))});
}

}  // namespace

BW_ENTRY(KernelBinding, hard_sigmoid) = {"HardSigmoid", Make};

}  // namespace bw::kernels
