#pragma once
// TensorFlow Lite's int8 layers: exact sums of products, then the codes of the law.

#include <memory>

#include "bitwright/graph/ops/tflite_layer.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// How a layer stands in the file.
struct TfliteLayer {
  Shape image = {};                       // of the input, [N, H, W, C]
  std::vector<ops::Window> windows = {};  // two
  std::int64_t group = 1;
  // Weights as [O, I/group, kh, kw].
  Tensor (*filters)(ConstTensorRef weights) = nullptr;
  ops::tflite::Requantizer::Product product = ops::tflite::Requantizer::Product::kDouble;
};

// Null where weights or bias are computed, or this machine has no short exact way.
std::unique_ptr<Kernel> MakeTfliteLayer(const Node& node, const TfliteLayer& layer,
                                        std::span<const Tensor* const> constants);

// Conv2D and DepthwiseConv2D, of inputs x and w; the layer's windows and image follow from them.
std::unique_ptr<Kernel> MakeTfliteConvolution(const Node& node, std::span<const TensorType> inputs,
                                              TfliteLayer layer,
                                              std::span<const Tensor* const> constants);

// [O, kh, kw, I] -> [O, I, kh, kw], as int8.
Tensor FiltersFirst(ConstTensorRef weights);

}  // namespace bw::kernels
