#include "bitwright/quant/learning/gradients/reshaping.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, reshape) = {"Reshape", MakeReshaping};

}  // namespace bw::gradients
