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
  TfliteLayerKernel(const Node& node, const TfliteLayer& layer, const SumsProblem& problem,
                    const IntegerProducts& products)
      : node_(node),
        layer_(layer),
        channels_(problem.weights[0]),
        images_(static_cast<std::size_t>(problem.images)),
        sums_(problem, products, SumsAs::kInt32),
        codes_(Requantizer(node, channels_, nullptr, layer.product)) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) sums_.BindWeights(layer_.filters(constant));
    if (input == 2) codes_ = TfliteCodes(Requantizer(node_, channels_, &constant, layer_.product));
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* source = static_cast<const std::byte*>(inputs[0].data);
    std::int8_t* codes = outputs[0].span<std::int8_t>().data();
    for (std::size_t run = 0; run < images_ * sums_.strips(); ++run) {
      sums_.Run(source);
      codes_.Take(sums_.sums<std::int32_t>(), sums_.positions(), codes);
      source += sums_.source_bytes();
      codes += sums_.positions() * static_cast<std::size_t>(channels_);
    }
  }

 private:
  Node node_;
  TfliteLayer layer_;
  std::int64_t channels_;
  std::size_t images_;
  IntegerSums sums_;
  TfliteCodes codes_;
};

}  // namespace

Tensor FiltersFirst(ConstTensorRef weights) { return ops::ToChannelsFirst(weights); }

std::unique_ptr<Kernel> MakeTfliteLayer(const Node& node, const TfliteLayer& layer,
                                        std::span<const Tensor* const> constants) {
  const bool bias_is_computed = HasInput(node, 2) && constants[2] == nullptr;
  if (constants[1] == nullptr || bias_is_computed) return nullptr;
  const Tensor filters = layer.filters(*constants[1]);
  const std::int32_t zero = ops::tflite::AffineOf(node, "input").zero;
  const auto products = ChooseProducts({-128 - zero, 127 - zero, zero}, filters);
  if (!products) return nullptr;
  SumsProblem problem = MakeSumsProblem(layer.image, DType::kInt8, filters.shape(), layer.windows);
  problem.group = layer.group;
  problem.offset = zero;
  return TryMake(
      [&] { return std::make_unique<TfliteLayerKernel>(node, layer, problem, *products); });
}

}  // namespace bw::kernels
