#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  return MakePointwise(of, [](float, float y) { return y * (1 - y); });
}

}  // namespace

BW_ENTRY(GradientDef, sigmoid) = {"Sigmoid", Make};

}  // namespace bw::gradients
