// log(sum(exp(x))), the greatest element taken out first.

#include <limits>

#include "bitwright/graph/ops/reduce_axes.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  constexpr DType kFloat[] = {DType::kFloat32};
  return ReduceOver(in, kFloat);
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Shape reduced = ReducedBy(node, inputs);
  const auto y = outputs[0].span<float>();
  std::vector<double> greatest(y.size(), -kInfinity), sums(y.size(), 0);
  ForEachReduced<float>(inputs[0], reduced, [&](std::size_t i, float x) {
    greatest[i] = std::max(greatest[i], static_cast<double>(x));
  });
  for (double& base : greatest) {
    if (std::isinf(base)) base = 0;
  }
  ForEachReduced<float>(inputs[0], reduced, [&](std::size_t i, float x) {
    sums[i] += std::exp(static_cast<double>(x) - greatest[i]);
  });
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<float>(std::log(sums[i]) + greatest[i]);
  }
}

}  // namespace

BW_ENTRY(OpDef, reduce_log_sum_exp) = {.name = "ReduceLogSumExp",
                                       .infer = Infer,
                                       .since = 18,
                                       .attributes = kReduceAttributes,
                                       .reference = Reference};

}  // namespace bw::ops
