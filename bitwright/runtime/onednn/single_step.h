#pragma once
// A kernel that is one oneDNN primitive on plain tensors, with nothing to bind.

#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {

class SingleStepKernel final : public Kernel {
 public:
  template <typename Primitive>
  static std::unique_ptr<SingleStepKernel> Make(
      const typename Primitive::primitive_desc& description) {
    auto kernel = std::unique_ptr<SingleStepKernel>(
        new SingleStepKernel(description.src_desc(), description.dst_desc()));
    kernel->step_ = Step(description, Primitive(description),
                         {{DNNL_ARG_SRC, kernel->source_}, {DNNL_ARG_DST, kernel->result_}});
    return kernel;
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    Point(source_, inputs[0].data);
    Point(result_, outputs[0].data);
    step_.Run(stream_);
  }

 private:
  SingleStepKernel(const dnnl::memory::desc& source, const dnnl::memory::desc& result)
      : stream_(CpuEngine()), source_(Unset(source)), result_(Unset(result)) {}

  dnnl::stream stream_;
  dnnl::memory source_, result_;
  Step step_;
};

}  // namespace bw::kernels
