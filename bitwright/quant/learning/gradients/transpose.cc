#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, transpose) = {"Transpose", MakeMovement};

}  // namespace bw::gradients
