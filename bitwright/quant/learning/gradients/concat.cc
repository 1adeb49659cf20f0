#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, concat) = {"Concat", MakeMovement};

}  // namespace bw::gradients
