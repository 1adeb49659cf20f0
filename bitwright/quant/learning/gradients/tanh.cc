#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  return MakePointwise(of, [](float, float y) { return 1 - y * y; });
}

}  // namespace

BW_ENTRY(GradientDef, tanh) = {"Tanh", Make};

}  // namespace bw::gradients
