// Each group of channels to mean 0 and variance 1, then scale and bias by channel (opset 21) or by
// group (18).

#include "bitwright/graph/ops/normalize.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"epsilon", AttributeRule::Kind::kFloat},
                                         {"num_groups", AttributeRule::Kind::kInt},
                                         {"stash_type", AttributeRule::Kind::kInt}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  const Shape& x = in.types[0].shape;
  const std::int64_t groups = in.node.attributes.Int("num_groups", 0);
  if (x.size() < 2 || groups < 1 || x[1] % groups != 0) {
    return Fail("num_groups is {} for input {}, channels must be a multiple of it", groups,
                ShapeText(x));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    BW_TRY(CheckFloat(in, i));
    const Shape& shape = in.types[i].shape;
    if (i == 0 || shape == Shape{x[1]} || shape == Shape{groups}) continue;
    return Fail("input {} is {}, [{}] or [{}] is needed", i, ShapeText(shape), x[1], groups);
  }
  if (in.types[1].shape != in.types[2].shape) return Fail("scale and bias differ in shape");
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const auto epsilon = static_cast<double>(node.attributes.Float("epsilon", 1e-5F));
  const std::int64_t groups = node.attributes.Int("num_groups", 1);
  const std::int64_t inner = Product(shape, 2, shape.size());
  const std::int64_t run = shape[1] / groups * inner;
  const bool by_group = inputs[1].shape[0] != shape[1];
  const auto x = inputs[0].span<float>(), scale = inputs[1].span<float>(),
             bias = inputs[2].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::int64_t r = 0; r < shape[0] * groups; ++r) {
    const float* from = x.data() + r * run;
    const Moments m = MomentsOf(run, epsilon, [&](std::int64_t i) { return from[i]; });
    for (std::int64_t i = 0; i < run; ++i) {
      const std::int64_t channel = (r * run + i) / inner % shape[1];
      const auto p = static_cast<std::size_t>(by_group ? r % groups : channel);
      const double normal = (static_cast<double>(from[i]) - m.mean) * m.inverse;
      y[static_cast<std::size_t>(r * run + i)] =
          static_cast<float>(static_cast<double>(scale[p]) * normal + static_cast<double>(bias[p]));
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, group_normalization) = {.name = "GroupNormalization",
                                        .infer = Infer,
                                        .since = 18,
                                        .attributes = kAttributes,
                                        .reference = Reference};

}  // namespace bw::ops
