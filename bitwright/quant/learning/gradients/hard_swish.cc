#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  return MakePointwise(of, [](float x, float) {
    if (x <= -3) return 0.0F;
    return x >= 3 ? 1.0F : x / 3 + 0.5F;
  });
}

}  // namespace

BW_ENTRY(GradientDef, hard_swish) = {"HardSwish", Make};

}  // namespace bw::gradients
