#include "bitwright/quant/learning/gradients/mean.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  return std::make_unique<MeanGradient>(of.outputs[0].shape);
}

}  // namespace

BW_ENTRY(GradientDef, global_average_pool) = {"GlobalAveragePool", Make};

}  // namespace bw::gradients
