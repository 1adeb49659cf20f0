#include "bitwright/runtime/onednn/tflite_layer_kernel.h"

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/onednn/integer_sums.h"
#include "bitwright/runtime/onednn/primitive.h"
#include "bitwright/runtime/onednn/tflite_codes.h"

namespace bw::kernels {
namespace {

using ops::tflite::Requantizer;

class TfliteLayerKernel final : public Kernel {
 public:
  TfliteLayerKernel(const Node& node, const TfliteLayer& layer, std::int64_t channels,
                    std::unique_ptr<IntegerSums> sums)
      : node_(node),
        layer_(layer),
        channels_(channels),
        sums_(std::move(sums)),
        codes_(Requantizer(node, channels, nullptr, layer.product)) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) sums_->BindWeights(layer_.filters(constant));
    if (input == 2) codes_ = TfliteCodes(Requantizer(node_, channels_, &constant, layer_.product));
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* image = static_cast<const std::byte*>(inputs[0].data);
    std::int8_t* codes = outputs[0].span<std::int8_t>().data();
    for (std::size_t i = 0; i < sums_->images(); ++i, image += sums_->image_bytes()) {
      for (std::size_t strip = 0; strip < sums_->strips(); ++strip) {
        sums_->Run(image, strip);
        codes_.Take(sums_->sums<std::int32_t>(), sums_->positions(), codes);
        codes += sums_->positions() * static_cast<std::size_t>(channels_);
      }
    }
  }

 private:
  Node node_;
  TfliteLayer layer_;
  std::int64_t channels_;
  std::unique_ptr<IntegerSums> sums_;
  TfliteCodes codes_;
};

}  // namespace

std::unique_ptr<Kernel> MakeTfliteConvolution(const Node& node, std::span<const TensorType> inputs,
                                              TfliteLayer layer,
                                              std::span<const Tensor* const> constants) {
  layer.image = inputs[0].shape;
  auto windows = ops::MakeWindows(node.attributes, ops::tflite::Image(layer.image),
                                  ops::tflite::Image(inputs[1].shape), ops::Rounding::kFloor);
  if (!windows) return nullptr;
  layer.windows = *std::move(windows);
  return MakeTfliteLayer(node, layer, constants);
}

Tensor FiltersFirst(ConstTensorRef weights) { return ops::ToChannelsFirst(weights); }

std::unique_ptr<Kernel> MakeTfliteLayer(const Node& node, const TfliteLayer& layer,
                                        std::span<const Tensor* const> constants) {
  const bool bias_is_computed = HasInput(node, 2) && constants[2] == nullptr;
  if (constants[1] == nullptr || bias_is_computed) return nullptr;
  const Tensor filters = layer.filters(*constants[1]);
  const std::int32_t zero = ops::tflite::AffineOf(node, "input").zero;
  const SumsProblem problem{.image = layer.image,
                            .dtype = DType::kInt8,
                            .input = {-128 - zero, 127 - zero, zero},
                            .windows = layer.windows,
                            .group = layer.group};
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    auto sums = MakeIntegerSums(problem, filters, SumsAs::kInt32);
    if (sums == nullptr) return nullptr;
    return std::make_unique<TfliteLayerKernel>(node, layer, filters.shape()[0], std::move(sums));
  });
}

}  // namespace bw::kernels
