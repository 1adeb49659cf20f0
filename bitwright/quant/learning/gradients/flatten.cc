#include "bitwright/quant/learning/gradients/reshaping.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, flatten) = {"Flatten", MakeReshaping};

}  // namespace bw::gradients
