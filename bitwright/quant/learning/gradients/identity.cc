#include "bitwright/quant/learning/gradients/reshaping.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, identity) = {"Identity", MakeReshaping};

}  // namespace bw::gradients
