#include "bitwright/runtime/onednn/single_step.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto rank = static_cast<std::int64_t>(inputs[0].shape.size());
  if (!AllFloat(inputs) || rank == 0) return nullptr;
  const std::int64_t axis = node.attributes.Int("axis", -1);
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const dnnl::softmax_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, Plain(inputs[0].shape),
         static_cast<int>(axis < 0 ? axis + rank : axis)},
        KernelAttributes(), CpuEngine());
    return SingleStepKernel::Make<dnnl::softmax_forward>(description);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, softmax) = {"Softmax", Make};

}  // namespace bw::kernels
