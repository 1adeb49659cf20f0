#include "bitwright/runtime/onednn/pool.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  return MakePool(node, inputs, outputs, dnnl::algorithm::pooling_max, ops::Order::kLast);
}

}  // namespace

BW_ENTRY(KernelBinding, max_pool_last) = {"MaxPoolLast", Make};

}  // namespace bw::kernels
