#include "bitwright/runtime/onednn/eltwise.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeEltwise(inputs, dnnl::algorithm::eltwise_logistic);
}

}  // namespace

BW_ENTRY(KernelBinding, sigmoid) = {"Sigmoid", Make};

}  // namespace bw::kernels
