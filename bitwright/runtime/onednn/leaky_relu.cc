#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {
namespace {

struct LeakyRelu {
  float alpha;
  float operator()(float x) const { return x < 0 ? alpha * x : x; }
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeMap(inputs, LeakyRelu{node.attributes.Float("alpha", 0.01F)});
}

}  // namespace

BW_ENTRY(KernelBinding, leaky_relu) = {"LeakyRelu", Make};

}  // namespace bw::kernels
