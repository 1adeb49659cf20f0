// ToInteger: rounds a piece of a plane at a time, and turns channels last.

#include <algorithm>

#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {
namespace {

template <typename T>
class ToIntegerKernel final : public Kernel {
 public:
  explicit ToIntegerKernel(const IntegerGrid& grid) : rounder_(grid) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const Shape& shape = inputs[0].shape;
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto positions = static_cast<std::size_t>(shape[2] * shape[3]);
    const std::span<const float> x = inputs[0].span<float>();
    T* y = outputs[0].span<T>().data();
    integers_.resize(channels * positions);
    for (std::size_t at = 0; at < x.size(); at += integers_.size()) {
      for (std::size_t i = 0; i < integers_.size(); i += kPiece) {
        const std::size_t count = std::min(kPiece, integers_.size() - i);
        std::copy_n(x.data() + at + i, count, values_.data());
        rounder_.Round({values_.data(), count});
        ValuesToIntegers(values_.data(), rounder_.grid(), integers_.data() + i, count);
      }
      TransposeTo(integers_.data(), y + at, channels, positions);
    }
  }

 private:
  static constexpr std::size_t kPiece = 8192;
  GridRounder rounder_;
  std::vector<float> values_ = std::vector<float>(kPiece);
  std::vector<T> integers_;  // of one image
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto grid = FindIntegerGrid(node.attributes);
  std::unique_ptr<Kernel> kernel;
  if (!grid) return kernel;
  DispatchStored(grid->dtype,
                 [&]<typename T>() { kernel = std::make_unique<ToIntegerKernel<T>>(*grid); });
  return kernel;
}

}  // namespace

BW_ENTRY(KernelBinding, to_integer) = {"ToInteger", Make};

}  // namespace bw::kernels
