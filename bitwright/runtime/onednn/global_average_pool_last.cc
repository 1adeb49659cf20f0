#include <algorithm>

#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/types.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

BW_VECTORIZE void AddTo(const float* x, double* sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += static_cast<double>(x[i]);
}

// Positions are added in order, in double.
class GlobalAveragePoolLastKernel final : public Kernel {
 public:
  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const Shape& shape = inputs[0].shape;
    const auto channels = static_cast<std::size_t>(shape[3]);
    const auto positions = static_cast<std::size_t>(shape[1] * shape[2]);
    const float* x = inputs[0].span<float>().data();
    float* y = outputs[0].span<float>().data();
    for (std::int64_t image = 0; image < shape[0]; ++image, y += channels) {
      sums_.assign(channels, 0.0);
      for (std::size_t p = 0; p < positions; ++p, x += channels) AddTo(x, sums_.data(), channels);
      std::transform(sums_.begin(), sums_.end(), y, [&](double sum) {
        return static_cast<float>(sum / static_cast<double>(positions));
      });
    }
  }

 private:
  std::vector<double> sums_;
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  if (!AllFloat(inputs)) return nullptr;
  return std::make_unique<GlobalAveragePoolLastKernel>();
}

}  // namespace

BW_ENTRY(KernelBinding, global_average_pool_last) = {"GlobalAveragePoolLast", Make};

}  // namespace bw::kernels
