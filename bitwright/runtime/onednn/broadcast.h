#pragma once
// Kernels of two inputs that broadcast to the output.

#include <vector>

#include "bitwright/graph/iterate.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/types.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {

// One axis of the output with the steps, in elements, that the inputs take along it.
struct BroadcastAxis {
  std::int64_t extent, a, b;
};

// The axes of the output, outermost first, as few as possible: axes that both inputs walk evenly
// are joined. The last one steps by 0 or 1.
inline std::vector<BroadcastAxis> MakeBroadcastAxes(const Shape& a, const Shape& b,
                                                    const Shape& output) {
  const std::vector<std::int64_t> a_steps = ops::BroadcastStrides(a, output);
  const std::vector<std::int64_t> b_steps = ops::BroadcastStrides(b, output);
  std::vector<BroadcastAxis> axes;
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output[i] == 1) continue;
    const BroadcastAxis axis = {output[i], a_steps[i], b_steps[i]};
    const bool joins = !axes.empty() && axes.back().a == axis.a * axis.extent &&
                       axes.back().b == axis.b * axis.extent;
    if (joins) {
      axes.back() = {axes.back().extent * axis.extent, axis.a, axis.b};
    } else {
      axes.push_back(axis);
    }
  }
  if (axes.empty()) axes.push_back({1, 0, 0});
  return axes;
}

// y[i] = f(a[i * axis.a], b[i * axis.b]), the steps being 0 or 1.
template <typename F>
BW_VECTORIZE void PairLoop(const float* a, const float* b, float* y, BroadcastAxis axis, F f) {
  const std::int64_t count = axis.extent;
  if (axis.a == 1 && axis.b == 1) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = f(a[i], b[i]);
  } else if (axis.b == 0) {
    const float scalar = *b;
    for (std::int64_t i = 0; i < count; ++i) y[i] = f(a[i], scalar);
  } else {
    const float scalar = *a;
    for (std::int64_t i = 0; i < count; ++i) y[i] = f(scalar, b[i]);
  }
}

// y = f(a, b); F is a function object from two floats to a float without branches.
template <typename F>
class BroadcastKernel final : public Kernel {
 public:
  explicit BroadcastKernel(std::vector<BroadcastAxis> axes)
      : outer_(std::move(axes)), inner_(outer_.back()) {
    outer_.pop_back();
    index_.assign(outer_.size(), 0);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const float* a = inputs[0].span<float>().data();
    const float* b = inputs[1].span<float>().data();
    float* y = outputs[0].span<float>().data();
    do {
      PairLoop(a, b, y, inner_, F{});
      y += inner_.extent;
    } while (Advance(a, b));
  }

 private:
  // To the next row; false, and back at the beginning, after the last.
  bool Advance(const float*& a, const float*& b) {
    for (std::size_t i = outer_.size(); i-- > 0;) {
      a += outer_[i].a;
      b += outer_[i].b;
      if (++index_[i] < outer_[i].extent) return true;
      a -= outer_[i].a * outer_[i].extent;
      b -= outer_[i].b * outer_[i].extent;
      index_[i] = 0;
    }
    return false;
  }

  std::vector<BroadcastAxis> outer_;
  BroadcastAxis inner_;
  std::vector<std::int64_t> index_;
};

// The `make` of a binding.
template <typename F>
std::unique_ptr<Kernel> MakeBroadcast(const Node&, std::span<const TensorType> inputs,
                                      std::span<const TensorType> outputs,
                                      std::span<const Tensor* const>) {
  if (inputs.size() != 2 || !AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  return std::make_unique<BroadcastKernel<F>>(
      MakeBroadcastAxes(inputs[0].shape, inputs[1].shape, outputs[0].shape));
}

}  // namespace bw::kernels
