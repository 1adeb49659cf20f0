// Each channel of each sample to mean 0 and variance 1, then scale and bias by channel.

#include "bitwright/graph/ops/normalize.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  const Shape& x = in.types[0].shape;
  if (x.size() < 2) return Fail("input is {}, at least 2 axes are needed", ShapeText(x));
  for (std::size_t i = 0; i < 3; ++i) {
    BW_TRY(CheckFloat(in, i));
    if (i > 0 && in.types[i].shape != Shape{x[1]}) {
      return Fail("input {} is {}, [{}] is needed", i, ShapeText(in.types[i].shape), x[1]);
    }
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const auto epsilon = static_cast<double>(node.attributes.Float("epsilon", 1e-5F));
  const std::int64_t run = Product(shape, 2, shape.size());
  const auto x = inputs[0].span<float>(), scale = inputs[1].span<float>(),
             bias = inputs[2].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::int64_t r = 0; r < shape[0] * shape[1]; ++r) {
    const float* from = x.data() + r * run;
    const auto c = static_cast<std::size_t>(r % shape[1]);
    const Moments m = MomentsOf(run, epsilon, [&](std::int64_t i) { return from[i]; });
    for (std::int64_t i = 0; i < run; ++i) {
      const double normal = (static_cast<double>(from[i]) - m.mean) * m.inverse;
      y[static_cast<std::size_t>(r * run + i)] =
          static_cast<float>(static_cast<double>(scale[c]) * normal + static_cast<double>(bias[c]));
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, instance_normalization) = {
    .name = "InstanceNormalization", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
