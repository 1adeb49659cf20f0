#include <cstring>

#include "bitwright/runtime/onednn/tflite_layer_kernel.h"

namespace bw::kernels {
namespace {

// [O, I] -> [O, I, 1, 1].
Tensor Filters(ConstTensorRef weights) {
  Tensor filters(weights.dtype, {weights.shape[0], weights.shape[1], 1, 1});
  std::memcpy(TensorRef(filters).data, weights.data, filters.bytes());
  return filters;
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>,
                             std::span<const Tensor* const> constants) {
  const Shape& x = inputs[0].shape;
  return MakeTfliteLayer(node,
                         {.image = {x[0], 1, 1, x[1]},
                          .windows = std::vector<ops::Window>(2),
                          .filters = Filters,
                          .product = ops::tflite::Requantizer::Product::kFloat},
                         constants);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_fully_connected) = {"TfliteFullyConnected", Make};

}  // namespace bw::kernels
