#include "bitwright/quant/learning/gradients/matrix_gradient.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  const Attributes& attributes = of.node.attributes;
  if (attributes.Int("transA", 0) != 0) return Fail("transA is 1, only 0 is covered");
  const Shape& a = of.inputs[0].shape;
  const Shape& y = of.outputs[0].shape;
  if (of.wanted.size() > 2 && of.wanted[2] != 0 && ElementCount(of.inputs[2].shape) != y[1]) {
    return Fail("C is {}, its gradient needs [{}]", ShapeText(of.inputs[2].shape), y[1]);
  }
  const MatrixExtents extents{a[0],
                              a[1],
                              y[1],
                              attributes.Int("transB", 0) != 0,
                              attributes.Float("alpha", 1),
                              attributes.Float("beta", 1)};
  return TryPrimitive([&] { return std::make_unique<MatrixGradient>(extents, of.wanted); });
}

}  // namespace

BW_ENTRY(GradientDef, gemm) = {"Gemm", Make};

}  // namespace bw::gradients
