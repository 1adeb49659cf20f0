#include "bitwright/runtime/onednn/pool.h"

namespace bw::kernels {
namespace {

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs, std::span<const Tensor* const>) {
  const bool padding_counts = node.attributes.Int("count_include_pad", 0) != 0;
  return MakePool(node, inputs, outputs,
                  padding_counts ? dnnl::algorithm::pooling_avg_include_padding
                                 : dnnl::algorithm::pooling_avg_exclude_padding,
                  ops::Order::kLast);
}

}  // namespace

BW_ENTRY(KernelBinding, average_pool_last) = {"AveragePoolLast", Make};

}  // namespace bw::kernels
