#include "bitwright/runtime/onednn/map.h"

namespace bw::kernels {
namespace {

struct Relu {
  float operator()(float x) const { return x < 0 ? 0 : x; }
};

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  return MakeMap(inputs, Relu{});
}

}  // namespace

BW_ENTRY(KernelBinding, relu) = {"Relu", Make};

}  // namespace bw::kernels
