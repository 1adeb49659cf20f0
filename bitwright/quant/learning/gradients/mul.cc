#include "bitwright/quant/learning/gradients/binary.h"

namespace bw::gradients {
namespace {

struct Rule {
  static std::array<float, 2> Slopes(float a, float b) { return {b, a}; }
};

}  // namespace

BW_ENTRY(GradientDef, mul) = {"Mul", MakeBinary<Rule>};

}  // namespace bw::gradients
