#pragma once
// Kernels that compute each output element from the input element at the same place.

#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/types.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {

template <typename F>
BW_VECTORIZE void MapLoop(const float* x, float* y, std::size_t count, F f) {
  for (std::size_t i = 0; i < count; ++i) y[i] = f(x[i]);
}

// y = f(x); F is a function object from float to float without branches.
template <typename F>
class MapKernel final : public Kernel {
 public:
  explicit MapKernel(F f) : f_(f) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    MapLoop(x.data(), outputs[0].span<float>().data(), x.size(), f_);
  }

 private:
  F f_;
};

// Null unless everything is float.
template <typename F>
std::unique_ptr<Kernel> MakeMap(std::span<const TensorType> inputs, F f) {
  if (!AllFloat(inputs)) return nullptr;
  return std::make_unique<MapKernel<F>>(f);
}

}  // namespace bw::kernels
