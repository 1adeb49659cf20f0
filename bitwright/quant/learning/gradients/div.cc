#include "bitwright/quant/learning/gradients/binary.h"

namespace bw::gradients {
namespace {

struct Rule {
  static std::array<float, 2> Slopes(float a, float b) { return {1 / b, -a / (b * b)}; }
};

}  // namespace

BW_ENTRY(GradientDef, div) = {"Div", MakeBinary<Rule>};

}  // namespace bw::gradients
