// By oneDNN's backward convolutions, on all images of the batch at once.

#include "bitwright/quant/learning/gradients/reordered.h"
#include "bitwright/runtime/onednn/axes.h"

namespace bw::gradients {
namespace {

using dnnl::memory;
using kernels::Any;
using kernels::Plain;

// What both directions share.
struct Shapes {
  memory::dims source, weights, result;
  kernels::Axes axes;
};

Expected<Shapes> MakeShapes(const GradientCase& of) {
  const Shape& x = of.inputs[0].shape;
  const Shape& w = of.inputs[1].shape;
  BW_ASSIGN(const auto windows, ops::MakeWindows(of.node.attributes, kernels::Spatial(x),
                                                 kernels::Spatial(w), ops::Rounding::kFloor));
  memory::dims weights = w;
  if (const std::int64_t group = of.node.attributes.Int("group", 1); group > 1) {
    weights[0] /= group;
    weights.insert(weights.begin(), group);
  }
  return Shapes{x, std::move(weights), of.outputs[0].shape, kernels::MakeAxes(windows)};
}

// The forward primitive that the backward ones are made to fit.
dnnl::convolution_forward::primitive_desc Hint(const Shapes& s) {
  return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, Any(s.source),
           Any(s.weights), Any(s.result), s.axes.strides, s.axes.gaps, s.axes.before, s.axes.after},
          kernels::KernelAttributes(),
          kernels::CpuEngine()};
}

Reordered MakeData(const Shapes& s) {
  const dnnl::convolution_backward_data::primitive_desc description(
      {dnnl::algorithm::convolution_direct, Any(s.source), Any(s.weights), Any(s.result),
       s.axes.strides, s.axes.gaps, s.axes.before, s.axes.after},
      kernels::KernelAttributes(), kernels::CpuEngine(), Hint(s));
  return {description,
          dnnl::convolution_backward_data(description),
          {{DNNL_ARG_WEIGHTS, Plain(s.weights), description.weights_desc()},
           {DNNL_ARG_DIFF_DST, Plain(s.result), description.diff_dst_desc()}},
          {{DNNL_ARG_DIFF_SRC, Plain(s.source), description.diff_src_desc()}}};
}

Reordered MakeWeights(const Shapes& s) {
  const memory::dims channels = {s.result[1]};
  const dnnl::convolution_backward_weights::primitive_desc description(
      {dnnl::algorithm::convolution_direct, Any(s.source), Any(s.weights), Plain(channels),
       Any(s.result), s.axes.strides, s.axes.gaps, s.axes.before, s.axes.after},
      kernels::KernelAttributes(), kernels::CpuEngine(), Hint(s));
  return {description,
          dnnl::convolution_backward_weights(description),
          {{DNNL_ARG_SRC, Plain(s.source), description.src_desc()},
           {DNNL_ARG_DIFF_DST, Plain(s.result), description.diff_dst_desc()}},
          {{DNNL_ARG_DIFF_WEIGHTS, Plain(s.weights), description.diff_weights_desc()},
           {DNNL_ARG_DIFF_BIAS, Plain(channels), Plain(channels)}}};
}

class ConvGradient final : public Gradient {
 public:
  ConvGradient(const GradientCase& of, const Shapes& shapes)
      : weight_count_(static_cast<std::size_t>(ElementCount(of.inputs[1].shape))),
        channel_count_(static_cast<std::size_t>(of.outputs[0].shape[1])) {
    if (of.wanted[0] != 0) data_.emplace(MakeData(shapes));
    const bool bias = of.wanted.size() > 2 && of.wanted[2] != 0;
    if (of.wanted[1] != 0 || bias) weights_.emplace(MakeWeights(shapes));
  }

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    if (gradients[0].data != nullptr) {
      data_->Run({inputs[1].data, output_gradient.data}, {gradients[0].data});
    }
    if (!weights_) return;
    const bool bias = gradients.size() > 2 && gradients[2].data != nullptr;
    weights_->Run({inputs[0].data, output_gradient.data},
                  {OrSpare(gradients[1].data, spare_weights_, weight_count_),
                   OrSpare(bias ? gradients[2].data : nullptr, spare_bias_, channel_count_)});
  }

 private:
  // The primitive computes both; what nobody wants goes to memory of our own.
  static void* OrSpare(void* wanted, std::vector<float>& spare, std::size_t count) {
    if (wanted != nullptr) return wanted;
    spare.resize(count);
    return spare.data();
  }

  std::size_t weight_count_, channel_count_;
  std::optional<Reordered> data_, weights_;
  std::vector<float> spare_weights_, spare_bias_;
};

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  BW_ASSIGN(const Shapes shapes, MakeShapes(of));
  return TryPrimitive([&] { return std::make_unique<ConvGradient>(of, shapes); });
}

}  // namespace

BW_ENTRY(GradientDef, conv) = {"Conv", Make};

}  // namespace bw::gradients
