#include "bitwright/graph/ops/reduce.h"
#include "bitwright/quant/learning/gradients/mean.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  std::vector<std::int64_t> axes = of.node.attributes.Ints("axes", {});
  if (of.constants.size() > 1 && of.constants[1] != nullptr) axes = ops::ReadInts(*of.constants[1]);
  if (axes.empty()) return Fail("a mean over all axes mixes samples");
  BW_ASSIGN(Shape reduced, ops::ReducedShape(of.inputs[0].shape, axes));
  return std::make_unique<MeanGradient>(std::move(reduced));
}

}  // namespace

BW_ENTRY(GradientDef, reduce_mean) = {"ReduceMean", Make};

}  // namespace bw::gradients
