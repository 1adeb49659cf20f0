// Transpose as a oneDNN reorder from permuted strides.

#include "bitwright/graph/iterate.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

class TransposeKernel final : public Kernel {
 public:
  TransposeKernel(const dnnl::memory::desc& from, const dnnl::memory::desc& to)
      : stream_(CpuEngine()),
        from_(Unset(from)),
        to_(Unset(to)),
        step_(Step::Reorder(from_, to_)) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    Point(from_, inputs[0].data);
    Point(to_, outputs[0].data);
    step_.Run(stream_);
  }

 private:
  dnnl::stream stream_;
  dnnl::memory from_, to_;
  Step step_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  const std::size_t rank = inputs[0].shape.size();
  if (!AllFloat(inputs) || rank == 0) return nullptr;
  const std::vector<std::int64_t> own = ops::Strides(inputs[0].shape);
  std::vector<std::int64_t> order;
  for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  order = node.attributes.Ints("perm", order);
  dnnl::memory::dims steps;
  for (const std::int64_t axis : order) steps.push_back(own[static_cast<std::size_t>(axis)]);
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const Shape& extents = outputs[0].shape;
    const dnnl::memory::desc from(extents, dnnl::memory::data_type::f32, steps);
    return std::make_unique<TransposeKernel>(from, Plain(extents));
  });
}

}  // namespace

BW_ENTRY(KernelBinding, transpose) = {"Transpose", Make};

}  // namespace bw::kernels
