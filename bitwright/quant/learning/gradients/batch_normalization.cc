#include <cmath>

#include "bitwright/quant/learning/gradient.h"

namespace bw::gradients {
namespace {

// Of the data alone: the slope of a channel is scale / sqrt(variance + epsilon).
class BatchNormalizationGradient final : public Gradient {
 public:
  explicit BatchNormalizationGradient(std::vector<float> slopes) : slopes_(std::move(slopes)) {}

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    if (gradients[0].data == nullptr) return;
    const auto from = output_gradient.span<float>();
    const auto to = gradients[0].span<float>();
    const std::size_t rows = static_cast<std::size_t>(inputs[0].shape[0]) * slopes_.size();
    const std::size_t plane = to.size() / rows;
    for (std::size_t r = 0; r < rows; ++r) {
      const float slope = slopes_[r % slopes_.size()];
      for (std::size_t i = r * plane; i < (r + 1) * plane; ++i) to[i] = from[i] * slope;
    }
  }

 private:
  std::vector<float> slopes_;
};

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  for (std::size_t i = 1; i < 5; ++i) {
    if (of.constants[i] == nullptr) return Fail("input {} is computed, a constant is needed", i);
  }
  const float epsilon = of.node.attributes.Float("epsilon", 1e-5F);
  const auto scale = of.constants[1]->span<float>(), variance = of.constants[4]->span<float>();
  std::vector<float> slopes(scale.size());
  for (std::size_t c = 0; c < slopes.size(); ++c)
    slopes[c] = scale[c] / std::sqrt(variance[c] + epsilon);
  return std::make_unique<BatchNormalizationGradient>(std::move(slopes));
}

}  // namespace

BW_ENTRY(GradientDef, batch_normalization) = {"BatchNormalization", Make};

}  // namespace bw::gradients
