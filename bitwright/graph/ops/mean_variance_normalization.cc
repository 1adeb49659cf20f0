// (x - mean) / (deviation + 1e-9) over the axes (default 0, 2, 3).

#include <cmath>

#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(NormalAxes(in.node.attributes.Ints("axes", {0, 2, 3}), in.types[0].shape.size()));
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const Shape reduced = ReducedShape(shape, node.attributes.Ints("axes", {0, 2, 3})).value();
  const auto groups = static_cast<std::size_t>(ElementCount(reduced));
  std::vector<double> sums(groups, 0), squares(groups, 0);
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  const double count = static_cast<double>(x.size()) / static_cast<double>(groups);
  ForEachReduced<float>(inputs[0], reduced,
                        [&](std::size_t g, float v) { sums[g] += static_cast<double>(v) / count; });
  ForEachReduced<float>(inputs[0], reduced, [&](std::size_t g, float v) {
    const double away = static_cast<double>(v) - sums[g];
    squares[g] += away * away / count;
  });
  std::size_t i = 0;
  ForEachReduced<float>(inputs[0], reduced, [&](std::size_t g, float v) {
    y[i++] =
        static_cast<float>((static_cast<double>(v) - sums[g]) / (std::sqrt(squares[g]) + 1e-9));
  });
}

}  // namespace

BW_ENTRY(OpDef, mean_variance_normalization) = {
    .name = "MeanVarianceNormalization", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
