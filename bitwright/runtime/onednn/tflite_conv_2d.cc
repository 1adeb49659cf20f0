#include "bitwright/runtime/onednn/tflite_layer_kernel.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>,
                             std::span<const Tensor* const> constants) {
  return MakeTfliteConvolution(node, inputs, {.filters = FiltersFirst}, constants);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_conv_2d) = {"TfliteConv2D", Make};

}  // namespace bw::kernels
