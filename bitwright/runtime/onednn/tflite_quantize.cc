#include "bitwright/graph/ops/tflite_integer.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/direct/tflite_round.h"

namespace bw::kernels {
namespace {

class TfliteQuantizeKernel final : public Kernel {
 public:
  explicit TfliteQuantizeKernel(const CodeScale& codes) : codes_(codes) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    RoundToCodes(x.data(), codes_, outputs[0].dtype, outputs[0].data, x.size());
  }

 private:
  CodeScale codes_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  const ops::tflite::Affine out = ops::tflite::AffineOf(node, "output");
  return std::make_unique<TfliteQuantizeKernel>(
      CodeScale{out.scale, out.zero, ops::tflite::LeastCode(outputs[0].dtype)});
}

}  // namespace

BW_ENTRY(KernelBinding, tflite_quantize) = {"TfliteQuantize", Make};

}  // namespace bw::kernels
