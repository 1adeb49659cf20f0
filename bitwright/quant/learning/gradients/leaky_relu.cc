#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  const float alpha = of.node.attributes.Float("alpha", 0.01F);
  return MakePointwise(of, [alpha](float x, float) { return x > 0 ? 1.0F : alpha; });
}

}  // namespace

BW_ENTRY(GradientDef, leaky_relu) = {"LeakyRelu", Make};

}  // namespace bw::gradients
