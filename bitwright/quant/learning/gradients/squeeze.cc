#include "bitwright/quant/learning/gradients/reshaping.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, squeeze) = {"Squeeze", MakeReshaping};

}  // namespace bw::gradients
