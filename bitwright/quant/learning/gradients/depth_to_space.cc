#include "bitwright/quant/learning/gradients/movement.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, depth_to_space) = {"DepthToSpace", MakeMovement};

}  // namespace bw::gradients
