#pragma once
// Negative log-likelihood of classes along axis 1.

#include <string>

#include "bitwright/graph/checks.h"

namespace bw::ops {

// Scores [N, C, ...], classes [N, ...], weights [C]; the loss is a scalar or, without reduction,
// one for each class index.
inline Expected<TensorType> LossType(const InferInput& in) {
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(CheckDType(in, 1, kIndex));
  const Shape& scores = in.types[0].shape;
  Shape classes = scores;
  if (scores.size() < 2) return Fail("input is {}, at least 2 axes are needed", ShapeText(scores));
  classes.erase(classes.begin() + 1);
  if (in.types[1].shape != classes) {
    return Fail("classes are {}, {} is needed", ShapeText(in.types[1].shape), ShapeText(classes));
  }
  if (in.has(2)) BW_TRY(CheckFloat(in, 2));
  if (in.has(2) && in.types[2].shape != Shape{scores[1]}) {
    return Fail("weights are {}, [{}] is needed", ShapeText(in.types[2].shape), scores[1]);
  }
  const std::string reduction = in.node.attributes.String("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean") {
    return Fail("reduction is '{}', allowed: none, sum, mean", reduction);
  }
  return TensorType{DType::kFloat32, reduction == "none" ? classes : Shape{}};
}

// From logarithms of probabilities. Classes outside [0, C) and the one of ignore_index count
// nothing.
inline void Loss(const Node& node, const Shape& shape, std::span<const double> logs,
                 std::span<const ConstTensorRef> inputs, const TensorRef& output) {
  const std::vector<std::int64_t> classes = ReadInts(inputs[1]);
  const bool weighted = inputs.size() > 2 && inputs[2].data != nullptr;
  const bool ignores = node.attributes.Has("ignore_index");
  const std::int64_t ignored = node.attributes.Int("ignore_index", 0);
  const std::int64_t inner = Product(shape, 2, shape.size());
  std::vector<double> losses(classes.size(), 0);
  double total = 0, weights = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::int64_t c = classes[i], at = static_cast<std::int64_t>(i);
    if (c < 0 || c >= shape[1] || (ignores && c == ignored)) continue;
    const double weight =
        weighted ? static_cast<double>(inputs[2].span<float>()[static_cast<std::size_t>(c)]) : 1;
    const std::int64_t place = (at / inner * shape[1] + c) * inner + at % inner;
    losses[i] = -weight * logs[static_cast<std::size_t>(place)];
    total += losses[i];
    weights += weight;
  }
  const auto y = output.span<float>();
  const std::string reduction = node.attributes.String("reduction", "mean");
  if (reduction == "none") {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(losses[i]);
  } else {
    y[0] = static_cast<float>(reduction == "sum" ? total : total / weights);
  }
}

}  // namespace bw::ops
