// x / its norm of order p (1 or 2) along an axis; 0 where the norm is 0.

#include <cmath>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(NormalAxis(in.node.attributes.Int("axis", -1), in.types[0].shape.size()));
  const std::int64_t p = in.node.attributes.Int("p", 2);
  if (p != 1 && p != 2) return Fail("p is {}, allowed: 1, 2", p);
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const bool squares = node.attributes.Int("p", 2) == 2;
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::int64_t row = 0; row < Product(shape, 0, axis) * inner; ++row) {
    const auto at = [&](std::int64_t i) {
      return static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner);
    };
    double sum = 0;
    for (std::int64_t i = 0; i < extent; ++i) {
      const auto v = static_cast<double>(x[at(i)]);
      sum += squares ? v * v : std::abs(v);
    }
    const double norm = squares ? std::sqrt(sum) : sum;
    for (std::int64_t i = 0; i < extent; ++i) {
      y[at(i)] = norm == 0 ? 0 : static_cast<float>(static_cast<double>(x[at(i)]) / norm);
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, lp_normalization) = {
    .name = "LpNormalization", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
