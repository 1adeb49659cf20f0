#include <algorithm>

#include "bitwright/quant/learning/gradient.h"
#include "bitwright/quant/learning/gradients/window_places.h"

namespace bw::gradients {
namespace {

class AveragePoolGradient final : public Gradient {
 public:
  AveragePoolGradient(PoolPlaces places, bool counts_padding)
      : places_(std::move(places)), counts_padding_(counts_padding) {}

  void Run(std::span<const ConstTensorRef>, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    if (gradients[0].data == nullptr) return;
    const auto from = output_gradient.span<float>();
    const auto to = gradients[0].span<float>();
    std::fill(to.begin(), to.end(), 0.0F);
    const auto give = [&](std::int64_t at, std::int64_t plane,
                          const std::vector<std::int64_t>& offsets, std::int64_t padding) {
      const std::int64_t count =
          static_cast<std::int64_t>(offsets.size()) + (counts_padding_ ? padding : 0);
      const float part = from[static_cast<std::size_t>(at)] / static_cast<float>(count);
      for (const std::int64_t offset : offsets)
        to[static_cast<std::size_t>(plane + offset)] += part;
    };
    ForEachWindow(places_.axes, places_.planes, give);
  }

 private:
  PoolPlaces places_;
  bool counts_padding_;
};

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  BW_ASSIGN(PoolPlaces places, MakePoolPlaces(of.node, of.inputs[0].shape));
  const bool counts = of.node.attributes.Int("count_include_pad", 0) != 0;
  return std::make_unique<AveragePoolGradient>(std::move(places), counts);
}

}  // namespace

BW_ENTRY(GradientDef, average_pool) = {"AveragePool", Make};

}  // namespace bw::gradients
