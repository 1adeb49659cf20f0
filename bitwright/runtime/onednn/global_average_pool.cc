#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/types.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

// Sixteen partial sums, element i going to sum i % 16, added up in order in double.
BW_VECTORIZE double Sum(const float* x, std::size_t count) {
  Lanes lanes = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) lanes += *reinterpret_cast<const Lanes*>(x + i);
  double sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(lanes[lane]);
  for (; i < count; ++i) sum += static_cast<double>(x[i]);
  return sum;
}

class GlobalAveragePoolKernel final : public Kernel {
 public:
  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    const auto y = outputs[0].span<float>();
    const std::size_t plane = x.size() / y.size();
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = static_cast<float>(Sum(x.data() + i * plane, plane) / static_cast<double>(plane));
    }
  }
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  if (!AllFloat(inputs)) return nullptr;
  return std::make_unique<GlobalAveragePoolKernel>();
}

}  // namespace

BW_ENTRY(KernelBinding, global_average_pool) = {"GlobalAveragePool", Make};

}  // namespace bw::kernels
