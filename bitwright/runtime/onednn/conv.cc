// Conv by oneDNN's direct convolution.

#include "bitwright/runtime/onednn/primitive.h"
#include "bitwright/runtime/onednn/window.h"

namespace bw::kernels {
namespace {

using dnnl::memory;

// [out, in/group, ...] -> [group, out/group, in/group, ...]; the elements stay where they are.
memory::dims WeightExtents(const Shape& weight, std::int64_t group) {
  memory::dims extents = weight;
  if (group > 1) {
    extents[0] /= group;
    extents.insert(extents.begin(), group);
  }
  return extents;
}

class ConvKernel final : public Kernel {
 public:
  ConvKernel(const Node& node, std::span<const TensorType> inputs, const Shape& output,
             bool constant_weights)
      : stream_(CpuEngine()), constant_weights_(constant_weights) {
    const Shape& input = inputs[0].shape;
    const Shape& weight = inputs[1].shape;
    const memory::dims taps = WeightExtents(weight, node.attributes.Int("group", 1));
    const Window window =
        MakeWindow(node.attributes, {weight.begin() + 2, weight.end()}, input, output);
    has_bias_ = HasInput(node, 2);
    const memory::desc bias = has_bias_ ? Plain(inputs[2].shape) : memory::desc();
    const auto description = dnnl::convolution_forward::primitive_desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, Any(input),
         Any(taps), bias, Any(output), window.strides, Gaps(window), window.before, window.after},
        KernelAttributes(), CpuEngine());
    Connect(description, Plain(input), Plain(taps), Plain(output));
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) BindWeights(constant.data);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    if (!constant_weights_) BindWeights(inputs[1].data);
    const OneThread guard;
    Point(user_source_, inputs[0].data);
    Point(user_result_, outputs[0].data);
    if (has_bias_) Point(bias_, inputs[2].data);
    for (const Step& step : steps_) step.Run(stream_);
  }

 private:
  // Reorders stand only where the primitive's layout is not the plain one.
  void Connect(const dnnl::convolution_forward::primitive_desc& description,
               const memory::desc& source, const memory::desc& taps, const memory::desc& result) {
    user_source_ = Unset(source);
    user_weights_ = Unset(taps);
    user_result_ = Unset(result);
    const bool same_source = description.src_desc() == source;
    const bool same_result = description.dst_desc() == result;
    memory own_source = same_source ? user_source_ : memory(description.src_desc(), CpuEngine());
    memory own_result = same_result ? user_result_ : memory(description.dst_desc(), CpuEngine());
    memory own_weights(description.weights_desc(), CpuEngine());
    bind_weights_ = Step::Reorder(user_weights_, own_weights);
    if (!same_source) steps_.push_back(Step::Reorder(user_source_, own_source));
    std::vector<std::pair<int, memory>> arguments = {
        {DNNL_ARG_SRC, own_source}, {DNNL_ARG_WEIGHTS, own_weights}, {DNNL_ARG_DST, own_result}};
    if (has_bias_) {
      bias_ = Unset(description.bias_desc());
      arguments.emplace_back(DNNL_ARG_BIAS, bias_);
    }
    steps_.emplace_back(description, dnnl::convolution_forward(description), std::move(arguments));
    if (!same_result) steps_.push_back(Step::Reorder(own_result, user_result_));
  }

  void BindWeights(const void* elements) {
    const OneThread guard;
    Point(user_weights_, elements);
    bind_weights_.Run(stream_);
  }

  dnnl::stream stream_;
  bool constant_weights_;
  bool has_bias_ = false;
  memory user_source_, user_weights_, user_result_, bias_;
  Step bind_weights_;
  std::vector<Step> steps_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    return std::make_unique<ConvKernel>(node, inputs, outputs[0].shape, constants[1] != nullptr);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, conv) = {"Conv", Make};

}  // namespace bw::kernels
