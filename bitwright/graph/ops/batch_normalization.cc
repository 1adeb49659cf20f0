// Inference: y = scale * (x - mean) / sqrt(variance + epsilon) + bias, by channel (axis 1).

#include <cmath>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {5, 5, 1}));
  if (in.node.attributes.Int("training_mode", 0) != 0) {
    return Fail("training_mode is {}, allowed is 0 (inference)",
                in.node.attributes.Int("training_mode", 0));
  }
  const Shape& x = in.types[0].shape;
  if (x.size() < 2) {
    return Fail("input is {}, it needs at least 2 axes: batch, channels", ShapeText(x));
  }
  constexpr std::string_view kNames[] = {"", "scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < 5; ++i) {
    BW_TRY(CheckFloat(in, i));
    if (i > 0 && in.types[i].shape != Shape{x[1]}) {
      return Fail("input {} ({}) is {}, an input of {} channels needs [{}]", i, kNames[i],
                  ShapeText(in.types[i].shape), x[1], x[1]);
    }
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  const auto inner = static_cast<std::size_t>(Product(shape, 2, shape.size()));
  const auto channels = static_cast<std::size_t>(shape[1]);
  const auto epsilon = static_cast<double>(node.attributes.Float("epsilon", 1e-5F));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto parameter = [&, c = i / inner % channels](std::size_t input) {
      return static_cast<double>(inputs[input].span<float>()[c]);
    };
    const double deviation = std::sqrt(parameter(4) + epsilon);
    const double normal = (static_cast<double>(x[i]) - parameter(3)) / deviation;
    y[i] = static_cast<float>(parameter(1) * normal + parameter(2));
  }
}

}  // namespace

BW_ENTRY(OpDef, batch_normalization) = {.name = "BatchNormalization",
                                        .role = OpRole::kElementwise,
                                        .infer = Infer,
                                        .reference = Reference};

}  // namespace bw::ops
