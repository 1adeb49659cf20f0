#include "bitwright/runtime/onednn/tflite_layer_kernel.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>,
                             std::span<const Tensor* const> constants) {
  const Shape &x = inputs[0].shape, &w = inputs[1].shape;
  const auto windows = ops::MakeWindows(node.attributes, ops::tflite::Image(x),
                                        ops::tflite::Image(w), ops::Rounding::kFloor);
  if (!windows) return nullptr;
  return MakeTfliteLayer(node, {.image = x, .windows = *windows, .filters = FiltersFirst},
                         constants);
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_conv_2d) = {"TfliteConv2D", Make};

}  // namespace bw::kernels
