// FakeQuantize with its spec parsed once.

#include <algorithm>

#include "bitwright/runtime/kernel.h"
#include "bitwright/tensor/block_scale.h"

namespace bw::kernels {
namespace {

class FakeQuantizeKernel final : public Kernel {
 public:
  FakeQuantizeKernel(QuantSpec spec, QuantParams params, Grouping grouping)
      : spec_(std::move(spec)), params_(std::move(params)), grouping_(std::move(grouping)) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto x = inputs[0].span<float>();
    const auto y = outputs[0].span<float>();
    std::copy(x.begin(), x.end(), y.begin());
    if (IsDynamic(spec_)) {
      FakeQuantizeDynamic(y, grouping_, spec_, params_.scales[0]);
    } else {
      BW_CHECK(FakeQuantize(y, grouping_, spec_, params_).has_value());
    }
  }

 private:
  QuantSpec spec_;
  QuantParams params_;
  Grouping grouping_;
};

// One scale and, for an asymmetric spec, one zero point for the whole tensor; or scales of blocks
// that follow from the values.
std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto spec = QuantSpec::Parse(node.attributes.String("spec", ""));
  if (!spec || (!std::holds_alternative<PerTensor>(spec->grain) && !IsDynamic(*spec)))
    return nullptr;
  auto grouping = MakeGrouping(spec->grain, inputs[0].shape);
  if (!grouping) return nullptr;
  QuantParams params{{node.attributes.Float("scale", 1)}, {}};
  if (!spec->symmetric) {
    params.zeros = {static_cast<std::int32_t>(node.attributes.Int("zero", 0))};
  }
  return std::make_unique<FakeQuantizeKernel>(*spec, std::move(params), std::move(*grouping));
}

}  // namespace

BW_ENTRY(KernelBinding, fake_quantize) = {"FakeQuantize", Make};

}  // namespace bw::kernels
