#include <limits>

#include "bitwright/quant/learning/gradients/pointwise.h"

namespace bw::gradients {
namespace {

Expected<float> Bound(const GradientCase& of, std::size_t i, float otherwise) {
  if (i >= of.node.inputs.size() || of.node.inputs[i] == kNoValue) return otherwise;
  if (of.constants[i] == nullptr) return Fail("input {} is computed, a constant is needed", i);
  return of.constants[i]->span<float>()[0];
}

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  BW_ASSIGN(const float low, Bound(of, 1, -kInfinity));
  BW_ASSIGN(const float high, Bound(of, 2, kInfinity));
  return MakePointwise(of,
                       [low, high](float x, float) { return x > low && x < high ? 1.0F : 0.0F; });
}

}  // namespace

BW_ENTRY(GradientDef, clip) = {"Clip", Make};

}  // namespace bw::gradients
