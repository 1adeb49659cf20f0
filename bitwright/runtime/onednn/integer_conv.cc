// IntegerConv: exact sums of products, and the arithmetic behind them.

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"
#include "bitwright/runtime/onednn/integer_sink.h"
#include "bitwright/runtime/onednn/integer_sums.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

class IntegerConvKernel final : public Kernel {
 public:
  IntegerConvKernel(const SumsProblem& problem, const IntegerProducts& products, IntegerSink sink)
      : sums_(problem, products, SumsAs::kFloat), sink_(std::move(sink)), images_(problem.images) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) sums_.BindWeights(constant);
    if (input == 2) multiplier_ = constant.span<float>();
    if (input == 3) bias_ = constant.span<float>();
    if (!multiplier_.empty() && !bias_.empty()) sink_.Bind(multiplier_, bias_);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* source = static_cast<const std::byte*>(inputs[0].data);
    auto* out = static_cast<std::byte*>(outputs[0].data);
    for (std::int64_t i = 0; i < images_; ++i, out += sink_.image_bytes()) {
      for (std::size_t strip = 0; strip < sums_.strips(); ++strip) {
        sums_.Run(source);
        source += sums_.source_bytes();
        const std::size_t first = strip * sums_.positions();
        if (sums_.floats())
          sink_.Take(sums_.sums<float>(), first, sums_.positions(), out);
        else
          sink_.Take(sums_.sums<std::int32_t>(), first, sums_.positions(), out);
      }
    }
  }

 private:
  IntegerSums sums_;
  IntegerSink sink_;
  std::int64_t images_;
  std::span<const float> multiplier_, bias_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (constants[1] == nullptr || constants[2] == nullptr || constants[3] == nullptr) return nullptr;
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const std::int64_t in[] = {x[1], x[2]}, kernel[] = {w[2], w[3]};
  const auto windows = ops::MakeWindows(node.attributes, in, kernel, ops::Rounding::kFloor);
  const auto products = ChooseProducts(InputOf(node), *constants[1]);
  if (!windows || !products) return nullptr;
  SumsProblem problem = MakeSumsProblem(x, inputs[0].dtype, w, *windows);
  problem.group = node.attributes.Int("group", 1);
  problem.offset = static_cast<std::int32_t>(node.attributes.Int("offset", 0));
  return TryMake([&] {
    const bool pixels = (*windows)[0].out * (*windows)[1].out == 1;
    const auto order = pixels ? ops::Order::kLast : ops::OrderOf(node);
    const auto positions =
        static_cast<std::size_t>(problem.result[1] * problem.result[2] * problem.strips);
    IntegerSink sink(node, outputs[0], static_cast<std::size_t>(w[0]), positions, order);
    return std::make_unique<IntegerConvKernel>(problem, *products, std::move(sink));
  });
}

}  // namespace

BW_ENTRY(KernelBinding, integer_conv) = {"IntegerConv", Make};

}  // namespace bw::kernels
