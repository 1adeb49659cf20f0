// BatchNormalization at inference as one multiply-add per element. The law (the reference) is
// (x - mean) / sqrt(var + epsilon) * scale + bias; here the multiplier and the offset of a channel
// are computed once and everything is in double, so the result differs from the law by a rounding
// of the float at most.

#include <cmath>

#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {
namespace {

struct MultiplyAdd {
  double multiplier, offset;
  float operator()(float x) const {
    return static_cast<float>(static_cast<double>(x) * multiplier + offset);
  }
};

MultiplyAdd OfChannel(std::span<const ConstTensorRef> inputs, std::size_t channel, double epsilon) {
  const auto at = [&](std::size_t input) {
    return static_cast<double>(inputs[input].span<float>()[channel]);
  };
  const double multiplier = at(1) / std::sqrt(at(4) + epsilon);
  return {multiplier, at(2) - at(3) * multiplier};
}

class BatchNormalizationKernel final : public Kernel {
 public:
  explicit BatchNormalizationKernel(double epsilon) : epsilon_(epsilon) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    float* y = outputs[0].span<float>().data();
    const auto channels = static_cast<std::size_t>(inputs[1].size());
    const std::size_t images = static_cast<std::size_t>(inputs[0].shape[0]);
    const std::size_t plane = x.size() / images / channels;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const MultiplyAdd map = OfChannel(inputs, channel, epsilon_);
      for (std::size_t image = 0; image < images; ++image) {
        const std::size_t at = (image * channels + channel) * plane;
        MapLoop(x.data() + at, y + at, plane, map);
      }
    }
  }

 private:
  double epsilon_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  if (!AllFloat(inputs) || outputs.size() != 1 || inputs[0].shape.size() < 3) return nullptr;
  if (node.attributes.Int("training_mode", 0) != 0) return nullptr;
  return std::make_unique<BatchNormalizationKernel>(
      static_cast<double>(node.attributes.Float("epsilon", 1e-5F)));
}

}  // namespace

BW_ENTRY(KernelBinding, batch_normalization) = {"BatchNormalization", Make};

}  // namespace bw::kernels
