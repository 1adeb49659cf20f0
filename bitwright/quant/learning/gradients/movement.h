#pragma once
// Gradients of operators whose every output element is an input element, or zero.

#include <algorithm>
#include <cstdint>

#include "bitwright/quant/learning/gradient.h"

namespace bw::gradients {

// The place of each output element in input i, found by moving numbered elements: the operator's
// own reference says what it does. -1 where it is none of input i.
inline std::vector<std::int32_t> PlacesOf(const GradientCase& of, std::size_t i) {
  std::vector<Tensor> numbers;
  for (std::size_t k = 0; k < of.inputs.size(); ++k) {
    if (of.constants[k] != nullptr) {
      numbers.push_back(*of.constants[k]);
      continue;
    }
    numbers.emplace_back(of.inputs[k].dtype, of.inputs[k].shape);
  }
  // Numbers to 2^12 in two runs: floats hold them, and so does every step in between.
  constexpr std::int32_t kHalf = 1 << 12;
  const Shape& shape = of.outputs[0].shape;
  std::vector<std::int32_t> places(static_cast<std::size_t>(ElementCount(shape)), -1);
  for (const std::int32_t factor : {1, kHalf}) {
    const std::span<float> own = numbers[i].span<float>();
    for (std::size_t e = 0; e < own.size(); ++e) {
      const auto number = static_cast<std::int32_t>(e) + 1;
      own[e] = static_cast<float>(factor == 1 ? number % kHalf : number / kHalf);
    }
    Tensor moved(DType::kFloat32, shape);
    std::vector<ConstTensorRef> inputs;
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      inputs.push_back(of.node.inputs[k] == kNoValue ? ConstTensorRef{} : numbers[k]);
    }
    const TensorRef output = moved;
    of.node.op->reference(of.node, inputs, {&output, 1});
    const std::span<const float> found = std::as_const(moved).span<float>();
    for (std::size_t e = 0; e < places.size(); ++e) {
      places[e] += factor * static_cast<std::int32_t>(found[e]);
    }
  }
  return places;
}

class Movement final : public Gradient {
 public:
  explicit Movement(const GradientCase& of) : places_(of.inputs.size()) {
    for (std::size_t i = 0; i < of.inputs.size(); ++i) {
      if (of.wanted[i] != 0) places_[i] = PlacesOf(of, i);
    }
  }

  void Run(std::span<const ConstTensorRef>, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    const auto from = output_gradient.span<float>();
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (gradients[i].data == nullptr) continue;
      const auto to = gradients[i].span<float>();
      std::fill(to.begin(), to.end(), 0.0F);
      for (std::size_t e = 0; e < from.size(); ++e) {
        if (places_[i][e] >= 0) to[static_cast<std::size_t>(places_[i][e])] += from[e];
      }
    }
  }

 private:
  std::vector<std::vector<std::int32_t>> places_;  // by input and output element
};

// Float inputs may move; the others must be constants.
inline Expected<std::unique_ptr<Gradient>> MakeMovement(const GradientCase& of) {
  if (of.outputs.size() != 1) return Fail("has {} outputs, one is covered", of.outputs.size());
  for (std::size_t i = 0; i < of.inputs.size(); ++i) {
    if (of.wanted[i] == 0) continue;
    if (of.inputs[i].dtype != DType::kFloat32) return Fail("input {} is no float32", i);
    constexpr std::int64_t kMost = std::int64_t{1} << 24;
    if (ElementCount(of.inputs[i].shape) >= kMost) return Fail("input {} is too large", i);
  }
  return std::make_unique<Movement>(of);
}

}  // namespace bw::gradients
