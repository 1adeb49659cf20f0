// The gradient goes to the first element under the window that is the greatest.

#include <algorithm>

#include "bitwright/quant/learning/gradient.h"
#include "bitwright/quant/learning/gradients/window_places.h"

namespace bw::gradients {
namespace {

class MaxPoolGradient final : public Gradient {
 public:
  explicit MaxPoolGradient(PoolPlaces places) : places_(std::move(places)) {}

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef output,
           ConstTensorRef output_gradient, std::span<const TensorRef> gradients) override {
    if (gradients[0].data == nullptr) return;
    const auto x = inputs[0].span<float>();
    const auto y = output.span<float>();
    const auto from = output_gradient.span<float>();
    const auto to = gradients[0].span<float>();
    std::fill(to.begin(), to.end(), 0.0F);
    const auto give = [&](std::int64_t at, std::int64_t plane,
                          const std::vector<std::int64_t>& offsets, std::int64_t) {
      const auto o = static_cast<std::size_t>(at);
      for (const std::int64_t offset : offsets) {
        const auto i = static_cast<std::size_t>(plane + offset);
        if (x[i] != y[o]) continue;
        to[i] += from[o];
        return;
      }
    };
    ForEachWindow(places_.axes, places_.planes, give);
  }

 private:
  PoolPlaces places_;
};

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  if (of.inputs[0].dtype != DType::kFloat32) return Fail("input 0 is no float32");
  BW_ASSIGN(PoolPlaces places, MakePoolPlaces(of.node, of.inputs[0].shape));
  return std::make_unique<MaxPoolGradient>(std::move(places));
}

}  // namespace

BW_ENTRY(GradientDef, max_pool) = {"MaxPool", Make};

}  // namespace bw::gradients
