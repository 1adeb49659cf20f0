#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, space_to_depth) = {"SpaceToDepth", MakeMovement};

}  // namespace bw::gradients
