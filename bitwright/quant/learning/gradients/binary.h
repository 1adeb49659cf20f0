#pragma once
// Gradients of operators on two broadcast inputs.

#include <algorithm>

#include "bitwright/graph/iterate.h"
#include "bitwright/quant/learning/gradient.h"

namespace bw::gradients {

// Rule::Slopes(a, b) gives {d y / d a, d y / d b}; over broadcast axes products are summed, in
// double.
template <typename Rule>
class Binary final : public Gradient {
 public:
  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    const auto from = output_gradient.span<float>();
    const auto a = inputs[0].span<float>(), b = inputs[1].span<float>();
    for (std::size_t side = 0; side < 2; ++side) {
      if (gradients[side].data == nullptr) continue;
      const auto to = gradients[side].template span<float>();
      if (a.size() == from.size() && b.size() == from.size()) {
        for (std::size_t i = 0; i < to.size(); ++i)
          to[i] = from[i] * Rule::Slopes(a[i], b[i])[side];
      } else {
        Reduce(inputs, output_gradient, side, to);
      }
    }
  }

 private:
  void Reduce(std::span<const ConstTensorRef> inputs, const ConstTensorRef& output_gradient,
              std::size_t side, std::span<float> to) {
    const auto from = output_gradient.span<float>();
    const auto a = inputs[0].span<float>(), b = inputs[1].span<float>();
    sums_.assign(to.size(), 0.0);
    const std::array strides = {ops::BroadcastStrides(inputs[0].shape, output_gradient.shape),
                                ops::BroadcastStrides(inputs[1].shape, output_gradient.shape)};
    ops::ForEach(
        output_gradient.shape, strides, [&](std::size_t i, const std::array<std::int64_t, 2>& at) {
          const float slope = Rule::Slopes(a[static_cast<std::size_t>(at[0])],
                                           b[static_cast<std::size_t>(at[1])])[side];
          sums_[static_cast<std::size_t>(at[side])] += static_cast<double>(from[i] * slope);
        });
    std::transform(sums_.begin(), sums_.end(), to.begin(),
                   [](double sum) { return static_cast<float>(sum); });
  }

  std::vector<double> sums_;
};

template <typename Rule>
Expected<std::unique_ptr<Gradient>> MakeBinary(const GradientCase& of) {
  for (const TensorType& type : of.inputs) {
    if (type.dtype != DType::kFloat32)
      return Fail("an input is {}, float32 is needed", DTypeName(type.dtype));
  }
  return std::make_unique<Binary<Rule>>();
}

}  // namespace bw::gradients
