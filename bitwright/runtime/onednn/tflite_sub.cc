#include "bitwright/runtime/onednn/tflite_sum.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeTfliteSum(node, inputs, -1);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_sub) = {"TfliteSub", Make};

}  // namespace bw::kernels
