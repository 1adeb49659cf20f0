// Pad with a constant: the value everywhere, then what stays of the input on top.

#include <algorithm>

#include "bitwright/graph/iterate.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/region.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {
namespace {

class PadKernel final : public Kernel {
 public:
  PadKernel(const Shape& input, const Shape& output, std::span<const std::int64_t> pads) {
    const std::vector<std::int64_t> from = ops::Strides(input);
    const std::vector<std::int64_t> to = ops::Strides(output);
    std::vector<RegionAxis> axes;
    for (std::size_t i = 0; i < input.size(); ++i) {
      const std::int64_t begin = std::max<std::int64_t>(pads[i], 0);
      const std::int64_t cut = std::max<std::int64_t>(-pads[i], 0);
      const std::int64_t extent = std::min(output[i] - begin, input[i] - cut);
      nothing_left_ = nothing_left_ || extent <= 0;
      axes.push_back({extent, from[i], to[i]});
      first_from_ += cut * from[i];
      first_to_ += begin * to[i];
    }
    axes_ = JoinAxes(axes);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const bool given = inputs.size() > 2 && inputs[2].data != nullptr;
    const auto y = outputs[0].span<float>();
    std::fill(y.begin(), y.end(), given ? inputs[2].span<float>()[0] : 0.0F);
    if (nothing_left_) return;
    CopyRegion(axes_, 0, inputs[0].span<float>().data() + first_from_, y.data() + first_to_);
  }

 private:
  std::vector<RegionAxis> axes_;
  std::int64_t first_from_ = 0, first_to_ = 0;
  bool nothing_left_ = false;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (inputs[0].dtype != DType::kFloat32 || constants[1] == nullptr) return nullptr;
  if (node.attributes.String("mode", "constant") != "constant") return nullptr;
  return std::make_unique<PadKernel>(inputs[0].shape, outputs[0].shape,
                                     constants[1]->span<std::int64_t>());
}

}  // namespace

BW_ENTRY(KernelBinding, pad) = {"Pad", Make};

}  // namespace bw::kernels
