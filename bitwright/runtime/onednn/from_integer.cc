// FromInteger: turns channels first where that is wanted, then gives the integers their values.

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {
namespace {

template <typename T>
class FromIntegerKernel final : public Kernel {
 public:
  FromIntegerKernel(const IntegerGrid& grid, ops::Order order) : grid_(grid), order_(order) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const Shape& shape = outputs[0].shape;
    const T* x = inputs[0].span<T>().data();
    const std::span<float> y = outputs[0].span<float>();
    if (order_ == ops::Order::kLast) return IntegersToValues(x, grid_, y.data(), y.size());
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto positions = static_cast<std::size_t>(shape[2] * shape[3]);
    integers_.resize(channels * positions);
    for (std::size_t at = 0; at < y.size(); at += integers_.size()) {
      TransposeTo(x + at, integers_.data(), positions, channels);
      IntegersToValues(integers_.data(), grid_, y.data() + at, integers_.size());
    }
  }

 private:
  IntegerGrid grid_;
  ops::Order order_;
  std::vector<T> integers_;  // of one image
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto grid = FindIntegerGrid(node.attributes);
  std::unique_ptr<Kernel> kernel;
  if (!grid) return kernel;
  DispatchStored(grid->dtype, [&]<typename T>() {
    kernel = std::make_unique<FromIntegerKernel<T>>(*grid, ops::OrderOf(node));
  });
  return kernel;
}

}  // namespace

BW_ENTRY(KernelBinding, from_integer) = {"FromInteger", Make};

}  // namespace bw::kernels
