#include <limits>

#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {
namespace {

struct Clamp {
  float low, high;
  float operator()(float x) const {
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
};

// The bounds are inputs and read at each run; an absent one does not bind.
class ClipKernel final : public Kernel {
 public:
  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto bound = [&](std::size_t i, float otherwise) {
      return i < inputs.size() && inputs[i].data != nullptr ? inputs[i].span<float>()[0]
                                                            : otherwise;
    };
    const auto x = inputs[0].span<float>();
    const Clamp clamp = {bound(1, -std::numeric_limits<float>::infinity()),
                         bound(2, std::numeric_limits<float>::infinity())};
    MapLoop(x.data(), outputs[0].span<float>().data(), x.size(), clamp);
  }
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  if (!AllFloat(inputs)) return nullptr;
  return std::make_unique<ClipKernel>();
}

}  // namespace

BW_ENTRY(KernelBinding, clip) = {"Clip", Make};

}  // namespace bw::kernels
