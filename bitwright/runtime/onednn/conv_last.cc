// ConvLast: oneDNN's convolution on [N, H, W, C] with the addition and the bounds behind it.

#include <limits>

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/direct/depthwise.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

using dnnl::memory;

// [out, in/group, ...] -> [group, out/group, in/group, ...]; the elements stay where they are.
memory::desc PlainWeights(const Shape& weight, std::int64_t group) {
  memory::dims extents = weight;
  if (group > 1) {
    extents[0] /= group;
    extents.insert(extents.begin(), group);
  }
  return Plain(extents);
}

// As many images as share the second cache, that divide the batch.
std::int64_t ImagesAtATime(const Shape& input, const Shape& output) {
  constexpr std::int64_t kElements = 64 * 1024;
  const std::int64_t each = (ElementCount(input) + ElementCount(output)) / input[0];
  std::int64_t images = std::clamp<std::int64_t>(kElements / each, 1, input[0]);
  while (input[0] % images != 0) --images;
  return images;
}

dnnl::primitive_attr Attributes(const Node& node) {
  constexpr float kMost = std::numeric_limits<float>::max();
  dnnl::primitive_attr attributes = KernelAttributes();
  dnnl::post_ops after;
  if (HasInput(node, 3)) after.append_sum(1.0F);
  const float low = node.attributes.Float("low", -kMost);
  const float high = node.attributes.Float("high", kMost);
  if (low == 0 && high == kMost)
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  else if (low != -kMost || high != kMost)
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, low, high);
  attributes.set_post_ops(after);
  return attributes;
}

class ConvLastKernel final : public Kernel {
 public:
  ConvLastKernel(const Node& node, std::span<const TensorType> inputs, const Shape& output,
                 const std::vector<ops::Window>& windows, bool constant_weights)
      : stream_(CpuEngine()), constant_weights_(constant_weights) {
    Shape source = inputs[0].shape, result = output;
    source[0] = result[0] = ImagesAtATime(source, output);
    runs_ = output[0] / result[0];
    source_ = Unset(ChannelsLast(source));
    result_ = Unset(ChannelsLast(result));
    outer_ = Unset(PlainWeights(inputs[1].shape, node.attributes.Int("group", 1)));
    if (HasInput(node, 2)) bias_ = Unset(Plain(inputs[2].shape));
    adds_ = HasInput(node, 3);
    Connect(node, MakeAxes(windows));
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) BindWeights(constant.data);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    if (!constant_weights_) BindWeights(inputs[1].data);
    const OneThread guard;
    if (bias_) Point(bias_, inputs[2].data);
    const std::size_t source_bytes = source_.get_desc().get_size();
    const std::size_t result_bytes = result_.get_desc().get_size();
    for (std::size_t run = 0; run < static_cast<std::size_t>(runs_); ++run) {
      auto* result = static_cast<std::byte*>(outputs[0].data) + run * result_bytes;
      if (adds_) {
        const auto* addend = static_cast<const std::byte*>(inputs[3].data) + run * result_bytes;
        std::memcpy(result, addend, result_bytes);
      }
      Point(source_, static_cast<const std::byte*>(inputs[0].data) + run * source_bytes);
      Point(result_, result);
      convolve_.Run(stream_);
    }
  }

 private:
  void Connect(const Node& node, const Axes& axes) {
    const memory::desc any = Any(outer_.get_desc().dims());
    const memory::desc bias = bias_ ? bias_.get_desc() : memory::desc();
    const dnnl::convolution_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
         source_.get_desc(), any, bias, result_.get_desc(), axes.strides, axes.gaps, axes.before,
         axes.after},
        Attributes(node), CpuEngine());
    inner_ = memory(description.weights_desc(), CpuEngine());
    bind_weights_ = Step::Reorder(outer_, inner_);
    std::vector<std::pair<int, memory>> arguments = {
        {DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, inner_}, {DNNL_ARG_DST, result_}};
    if (bias_) arguments.emplace_back(DNNL_ARG_BIAS, bias_);
    convolve_ = Step(description, dnnl::convolution_forward(description), std::move(arguments));
  }

  void BindWeights(const void* elements) {
    const OneThread guard;
    Point(outer_, elements);
    bind_weights_.Run(stream_);
  }

  dnnl::stream stream_;
  bool constant_weights_, adds_ = false;
  std::int64_t runs_ = 1;
  memory source_, outer_, inner_, bias_, result_;
  Step bind_weights_, convolve_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  const Shape& x = inputs[0].shape;
  const std::int64_t in[] = {x[1], x[2]};
  const auto windows =
      ops::MakeWindows(node.attributes, in, Spatial(inputs[1].shape), ops::Rounding::kFloor);
  if (!windows) return nullptr;
  const Shape& w = inputs[1].shape;
  const bool constant = constants[1] != nullptr && (!HasInput(node, 2) || constants[2] != nullptr);
  if (w[1] == 1 && w[0] == x[3] && constant) {
    if (auto depthwise = MakeDepthwise(node, x, *windows)) return depthwise;
  }
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    return std::make_unique<ConvLastKernel>(node, inputs, outputs[0].shape, *windows,
                                            constants[1] != nullptr);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, conv_last) = {"ConvLast", Make};

}  // namespace bw::kernels
