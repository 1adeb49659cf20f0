#include "bitwright/quant/learning/gradients/reshaping.h"

namespace bw::gradients {

BW_ENTRY(GradientDef, unsqueeze) = {"Unsqueeze", MakeReshaping};

}  // namespace bw::gradients
