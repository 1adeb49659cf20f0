// TfliteQuantize without branches.

#include <algorithm>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/ops/tflite_integer.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

struct Codes {
  float scale;
  std::int32_t zero, low;  // low: the least code
};

// To nearest, ties away from zero; NaN to zero. Beyond 1024 every code is saturated.
template <typename T>
BW_VECTORIZE void Quantize(const float* x, const Codes codes, T* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float ratio = x[i] / codes.scale;
    const float number = ratio != ratio ? 0.0F : ratio;
    const float raised = number < -1024.0F ? -1024.0F : number;
    const float inside = raised > 1024.0F ? 1024.0F : raised;
    const auto whole = static_cast<std::int32_t>(inside);
    const float rest = inside - static_cast<float>(whole);
    const std::int32_t up = rest >= 0.5F ? 1 : 0, down = rest <= -0.5F ? 1 : 0;
    const std::int32_t code = whole + up - down + codes.zero;
    const std::int32_t least = code < codes.low ? codes.low : code;
    y[i] = static_cast<T>(least > codes.low + 255 ? codes.low + 255 : least);
  }
}

class TfliteQuantizeKernel final : public Kernel {
 public:
  explicit TfliteQuantizeKernel(const Codes& codes) : codes_(codes) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    DispatchStored(outputs[0].dtype, [&]<typename T>() {
      Quantize(x.data(), codes_, outputs[0].span<T>().data(), x.size());
    });
  }

 private:
  Codes codes_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  const ops::tflite::Affine out = ops::tflite::AffineOf(node, "output");
  return std::make_unique<TfliteQuantizeKernel>(
      Codes{out.scale, out.zero, ops::tflite::LeastCode(outputs[0].dtype)});
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_quantize) = {"TfliteQuantize", Make};

}  // namespace bw::kernels
