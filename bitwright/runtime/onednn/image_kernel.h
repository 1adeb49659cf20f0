#pragma once
// The frame of Conv and ConvTranspose: one image at a time through a oneDNN primitive, with
// reorders to and from the layouts it likes.

#include <functional>

#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {

// Layouts of one image's tensors as they stand in the network.
struct ImageLayouts {
  dnnl::memory::desc source, weights, result;
};

// One image at a time: an image's bits do not depend on how many share its batch, and what the
// steps pass to each other stays in the cache.
class ImageKernel final : public Kernel {
 public:
  // Primitive is the C++ class of oneDNN, its primitive_desc made for a batch of 1.
  template <typename Primitive>
  static std::unique_ptr<ImageKernel> Make(const typename Primitive::primitive_desc& description,
                                           const ImageLayouts& layouts, std::int64_t images,
                                           bool constant_weights) {
    auto kernel = std::unique_ptr<ImageKernel>(new ImageKernel(images, constant_weights));
    kernel->has_bias_ = description.bias_desc().get_size() > 0;
    kernel->bias_ = Unset(description.bias_desc());
    kernel->Connect(description, layouts, [&](std::vector<std::pair<int, dnnl::memory>> arguments) {
      return Step(description, Primitive(description), std::move(arguments));
    });
    return kernel;
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) BindWeights(constant.data);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    if (!constant_weights_) BindWeights(inputs[1].data);
    const OneThread guard;
    if (has_bias_) Point(bias_, inputs[2].data);
    const auto* source = static_cast<const std::byte*>(inputs[0].data);
    auto* result = static_cast<std::byte*>(outputs[0].data);
    for (std::int64_t image = 0; image < images_; ++image) {
      Point(source_, source);
      Point(result_, result);
      for (const Step& step : steps_) step.Run(stream_);
      source += source_.get_desc().get_size();
      result += result_.get_desc().get_size();
    }
  }

 private:
  ImageKernel(std::int64_t images, bool constant_weights)
      : stream_(CpuEngine()), images_(images), constant_weights_(constant_weights) {}

  // Memory in the primitive's layout: the network's own where the layouts agree, so that no reorder
  // is needed.
  static dnnl::memory Inner(const dnnl::memory& outer, const dnnl::memory::desc& layout) {
    return outer.get_desc() == layout ? outer : dnnl::memory(layout, CpuEngine());
  }

  template <typename Description, typename MakeStep>
  void Connect(const Description& description, const ImageLayouts& layouts, const MakeStep& make) {
    source_ = Unset(layouts.source);
    weights_ = Unset(layouts.weights);
    result_ = Unset(layouts.result);
    const dnnl::memory source = Inner(source_, description.src_desc());
    const dnnl::memory result = Inner(result_, description.dst_desc());
    const dnnl::memory weights(description.weights_desc(), CpuEngine());
    bind_weights_ = Step::Reorder(weights_, weights);
    std::vector<std::pair<int, dnnl::memory>> arguments = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}};
    if (has_bias_) arguments.emplace_back(DNNL_ARG_BIAS, bias_);
    if (description.src_desc() != layouts.source) steps_.push_back(Step::Reorder(source_, source));
    steps_.push_back(make(std::move(arguments)));
    if (description.dst_desc() != layouts.result) steps_.push_back(Step::Reorder(result, result_));
  }

  void BindWeights(const void* elements) {
    const OneThread guard;
    Point(weights_, elements);
    bind_weights_.Run(stream_);
  }

  dnnl::stream stream_;
  std::int64_t images_;
  bool constant_weights_;
  bool has_bias_ = false;
  dnnl::memory source_, weights_, result_, bias_;
  Step bind_weights_;
  std::vector<Step> steps_;
};

// One image of a batch.
inline Shape OneImage(Shape shape) {
  shape[0] = 1;
  return shape;
}

}  // namespace bw::kernels
