#pragma once
// Transcendental functions, element by element, by oneDNN.

#include "bitwright/runtime/onednn/single_step.h"

namespace bw::kernels {

inline std::unique_ptr<Kernel> MakeEltwise(std::span<const TensorType> inputs,
                                           dnnl::algorithm algorithm) {
  if (!AllFloat(inputs)) return nullptr;
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const dnnl::memory::desc flat = Plain({ElementCount(inputs[0].shape)});
    const dnnl::eltwise_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, algorithm, flat, 0.0F, 0.0F}, KernelAttributes(),
        CpuEngine());
    return SingleStepKernel::Make<dnnl::eltwise_forward>(description);
  });
}

}  // namespace bw::kernels
