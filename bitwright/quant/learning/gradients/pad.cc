#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {
namespace {

// A constant that fills would pass for a numbered element; 0 does not.
Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  const bool fills = of.node.attributes.String("mode", "constant") == "constant";
  if (fills && of.node.inputs.size() > 2 && of.node.inputs[2] != kNoValue) {
    if (of.constants[2] == nullptr || of.constants[2]->span<float>()[0] != 0) {
      return Fail("pads with another value than 0");
    }
  }
  return MakeMovement(of);
}

}  // namespace

BW_ENTRY(GradientDef, pad) = {"Pad", Make};

}  // namespace bw::gradients
