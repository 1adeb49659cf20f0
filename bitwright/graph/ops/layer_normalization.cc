// y = scale * (x - mean) / sqrt(variance + epsilon) + bias over the axes from `axis` on; outputs 1
// and 2 are the mean and the inverse deviation.

#include "bitwright/graph/iterate.h"
#include "bitwright/graph/ops/normalize.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 3}));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", -1), x.size()));
  const Shape inner(x.begin() + static_cast<std::ptrdiff_t>(axis), x.end());
  for (std::size_t i = 0; i < in.node.inputs.size(); ++i) {
    if (!in.has(i)) continue;
    BW_TRY(CheckFloat(in, i));
    if (i > 0 && !BroadcastsTo(in.types[i].shape, inner)) {
      return Fail("input {} is {}, it must broadcast to {}", i, ShapeText(in.types[i].shape),
                  ShapeText(inner));
    }
  }
  Shape outer = x;
  std::fill(outer.begin() + static_cast<std::ptrdiff_t>(axis), outer.end(), 1);
  Types types = {in.types[0], {DType::kFloat32, outer}, {DType::kFloat32, outer}};
  types.resize(in.node.outputs.size());
  return types;
}

// The input over the inner axes in double; `otherwise` where absent.
std::vector<double> Spread(std::span<const ConstTensorRef> inputs, std::size_t i,
                           const Shape& inner, double otherwise) {
  std::vector<double> all(static_cast<std::size_t>(ElementCount(inner)), otherwise);
  if (i >= inputs.size() || inputs[i].data == nullptr) return all;
  const auto from = inputs[i].span<float>();
  ForEach(inner, std::array{BroadcastStrides(inputs[i].shape, inner)},
          [&](std::size_t k, const std::array<std::int64_t, 1>& at) {
            all[k] = static_cast<double>(from[static_cast<std::size_t>(at[0])]);
          });
  return all;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const Shape inner(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  const auto epsilon = static_cast<double>(node.attributes.Float("epsilon", 1e-5F));
  const auto scale = Spread(inputs, 1, inner, 1), bias = Spread(inputs, 2, inner, 0);
  const std::size_t row = scale.size();
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::size_t r = 0; row > 0 && r < x.size() / row; ++r) {
    const float* from = x.data() + r * row;
    const Moments m =
        MomentsOf(static_cast<std::int64_t>(row), epsilon, [&](std::int64_t i) { return from[i]; });
    for (std::size_t i = 0; i < row; ++i) {
      const double normal = (static_cast<double>(from[i]) - m.mean) * m.inverse;
      y[r * row + i] = static_cast<float>(scale[i] * normal + bias[i]);
    }
    const double extra[] = {0, m.mean, m.inverse};
    for (std::size_t o = 1; o < outputs.size(); ++o) {
      if (outputs[o].data != nullptr) outputs[o].span<float>()[r] = static_cast<float>(extra[o]);
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, layer_normalization) = {
    .name = "LayerNormalization", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
