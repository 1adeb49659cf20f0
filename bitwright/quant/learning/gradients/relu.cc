#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  return MakePointwise(of, [](float x, float) { return x > 0 ? 1.0F : 0.0F; });
}

}  // namespace

BW_ENTRY(GradientDef, relu) = {"Relu", Make};

}  // namespace bw::gradients
