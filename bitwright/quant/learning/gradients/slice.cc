#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, slice) = {"Slice", MakeMovement};

}  // namespace bw::gradients
