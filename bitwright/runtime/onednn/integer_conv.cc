// IntegerConv: exact sums of products, and the arithmetic behind them.

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"
#include "bitwright/runtime/onednn/direct/depthwise.h"
#include "bitwright/runtime/onednn/direct/pointwise.h"
#include "bitwright/runtime/onednn/integer_sink.h"
#include "bitwright/runtime/onednn/integer_sums.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

class IntegerConvKernel final : public Kernel {
 public:
  IntegerConvKernel(std::unique_ptr<IntegerSums> sums, IntegerSink sink)
      : sums_(std::move(sums)), sink_(std::move(sink)) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) sums_->BindWeights(constant);
    if (input == 2) multiplier_ = constant.span<float>();
    if (input == 3) bias_ = constant.span<float>();
    if (!multiplier_.empty() && !bias_.empty()) sink_.Bind(multiplier_, bias_);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* image = static_cast<const std::byte*>(inputs[0].data);
    auto* out = static_cast<std::byte*>(outputs[0].data);
    for (std::size_t i = 0; i < sums_->images(); ++i) {
      for (std::size_t strip = 0; strip < sums_->strips(); ++strip) {
        sums_->Run(image, strip);
        const std::size_t first = strip * sums_->positions();
        if (sums_->floats())
          sink_.Take(sums_->sums<float>(), first, sums_->positions(), out);
        else
          sink_.Take(sums_->sums<std::int32_t>(), first, sums_->positions(), out);
      }
      image += sums_->image_bytes();
      out += sink_.image_bytes();
    }
  }

 private:
  std::unique_ptr<IntegerSums> sums_;
  IntegerSink sink_;
  std::span<const float> multiplier_, bias_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (constants[1] == nullptr || constants[2] == nullptr || constants[3] == nullptr) return nullptr;
  const Shape &x = inputs[0].shape, &w = inputs[1].shape;
  const std::int64_t in[] = {x[1], x[2]}, kernel[] = {w[2], w[3]};
  const auto windows = ops::MakeWindows(node.attributes, in, kernel, ops::Rounding::kFloor);
  if (!windows) return nullptr;
  if (auto direct = MakePointwise(node, inputs, outputs[0], *windows)) return direct;
  const SumsProblem problem{.image = x,
                            .dtype = inputs[0].dtype,
                            .input = InputOf(node),
                            .windows = *windows,
                            .group = node.attributes.Int("group", 1)};
  if (TakesSingleChannels(problem, *constants[1])) {
    if (auto direct = MakeDepthwiseBytes(node, inputs[0], outputs[0], *windows)) return direct;
  }
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    auto sums = MakeIntegerSums(problem, *constants[1], SumsAs::kFloat);
    if (sums == nullptr) return nullptr;
    const bool pixels = (*windows)[0].out * (*windows)[1].out == 1;
    const auto order = pixels ? ops::Order::kLast : ops::OrderOf(node);
    IntegerSink sink(node, outputs[0], static_cast<std::size_t>(w[0]),
                     sums->positions() * sums->strips(), order);
    return std::make_unique<IntegerConvKernel>(std::move(sums), std::move(sink));
  });
}

}  // namespace

BW_ENTRY(KernelBinding, integer_conv) = {"IntegerConv", Make};

}  // namespace bw::kernels
