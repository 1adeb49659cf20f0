#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  const float alpha = of.node.attributes.Float("alpha", 0.2F);
  return MakePointwise(of, [alpha](float, float y) { return y > 0 && y < 1 ? alpha : 0.0F; });
}

}  // namespace

BW_ENTRY(GradientDef, hard_sigmoid) = {"HardSigmoid", Make};

}  // namespace bw::gradients
