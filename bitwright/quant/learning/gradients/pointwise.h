#pragma once
// Gradients of operators applied element by element.

#include <algorithm>

#include "bitwright/quant/learning/gradient.h"

namespace bw::gradients {

// gradient = output_gradient * slope(x, y) for each element of input 0.
template <typename Slope>
class Pointwise final : public Gradient {
 public:
  explicit Pointwise(Slope slope) : slope_(slope) {}

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef output,
           ConstTensorRef output_gradient, std::span<const TensorRef> gradients) override {
    if (gradients[0].data == nullptr) return;
    const auto x = inputs[0].span<float>();
    const auto y = output.span<float>();
    const auto from = output_gradient.span<float>();
    const auto to = gradients[0].span<float>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i] * slope_(x[i], y[i]);
  }

 private:
  Slope slope_;
};

template <typename Slope>
Expected<std::unique_ptr<Gradient>> MakePointwise(const GradientCase& of, Slope slope) {
  for (std::size_t i = 1; i < of.wanted.size(); ++i) {
    if (of.wanted[i] != 0) return Fail("input {} is learned, only input 0 has a gradient", i);
  }
  return std::make_unique<Pointwise<Slope>>(slope);
}

}  // namespace bw::gradients
