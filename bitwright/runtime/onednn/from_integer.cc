// FromInteger: turns channels first, then gives the bytes their values.

#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {
namespace {

class FromIntegerKernel final : public Kernel {
 public:
  explicit FromIntegerKernel(const IntegerGrid& grid) : grid_(grid) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const Shape& shape = outputs[0].shape;
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto positions = static_cast<std::size_t>(shape[2] * shape[3]);
    const auto* x = static_cast<const std::uint8_t*>(inputs[0].data);
    const std::span<float> y = outputs[0].span<float>();
    bytes_.resize(channels * positions);
    for (std::size_t at = 0; at < y.size(); at += bytes_.size()) {
      TransposeTo(x + at, bytes_.data(), positions, channels);
      BytesToValues(bytes_.data(), grid_, y.data() + at, bytes_.size());
    }
  }

 private:
  IntegerGrid grid_;
  std::vector<std::uint8_t> bytes_;  // of one image
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto grid = FindIntegerGrid(node.attributes);
  return grid ? std::make_unique<FromIntegerKernel>(*grid) : nullptr;
}

}  // namespace

BW_ENTRY(KernelBinding, from_integer) = {"FromInteger", Make};

}  // namespace bw::kernels
