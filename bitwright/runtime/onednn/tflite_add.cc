#include "bitwright/runtime/onednn/tflite_sum.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  if (inputs[0].shape != inputs[1].shape) return nullptr;
  return std::make_unique<TfliteSumKernel>(node, 1);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_add) = {"TfliteAdd", Make};

}  // namespace bw::kernels
