#include "bitwright/runtime/onednn/tflite_layer_kernel.h"

namespace bw::kernels {
namespace {

// [1, kh, kw, O] -> [O, 1, kh, kw].
Tensor Filters(ConstTensorRef weights) {
  Tensor filters = FiltersFirst(weights);
  const Shape shape = filters.shape();
  filters.Reshape({shape[1], 1, shape[2], shape[3]});
  return filters;
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>,
                             std::span<const Tensor* const> constants) {
  return MakeTfliteConvolution(node, inputs, {.group = inputs[0].shape[3], .filters = Filters},
                               constants);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_depthwise_conv_2d) = {"TfliteDepthwiseConv2D", Make};

}  // namespace bw::kernels
