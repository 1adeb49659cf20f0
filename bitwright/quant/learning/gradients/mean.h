#pragma once
// Gradients of means over axes.

#include "bitwright/graph/iterate.h"
#include "bitwright/quant/learning/gradient.h"

namespace bw::gradients {

class MeanGradient final : public Gradient {
 public:
  // `reduced`: the input's shape with the axes of the mean set to 1.
  explicit MeanGradient(Shape reduced) : reduced_(std::move(reduced)) {}

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    if (gradients[0].data == nullptr) return;
    const auto from = output_gradient.span<float>();
    const auto to = gradients[0].span<float>();
    const float part = static_cast<float>(from.size()) / static_cast<float>(to.size());
    const Shape& shape = inputs[0].shape;
    ops::ForEach(shape, std::array{ops::BroadcastStrides(reduced_, shape)},
                 [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
                   to[i] = from[static_cast<std::size_t>(at[0])] * part;
                 });
  }

 private:
  Shape reduced_;
};

}  // namespace bw::gradients
