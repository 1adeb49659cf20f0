#include "bitwright/quant/learning/gradients/matrix_gradient.h"

namespace bw::gradients {
namespace {

Expected<std::unique_ptr<Gradient>> Make(const GradientCase& of) {
  const Shape& a = of.inputs[0].shape;
  const Shape& b = of.inputs[1].shape;
  if (b.size() != 2 || a.size() < 2) {
    return Fail("inputs are {} and {}, only a stack of rows by one matrix is covered", ShapeText(a),
                ShapeText(b));
  }
  const MatrixExtents extents{ElementCount(a) / a.back(), a.back(), b[1]};
  return TryPrimitive([&] { return std::make_unique<MatrixGradient>(extents, of.wanted); });
}

}  // namespace

BW_ENTRY(GradientDef, mat_mul) = {"MatMul", Make};

}  // namespace bw::gradients
