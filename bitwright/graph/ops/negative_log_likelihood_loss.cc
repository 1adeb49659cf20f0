#include "bitwright/graph/ops/loss.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  BW_ASSIGN(TensorType type, LossType(in));
  return Types{std::move(type)};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto x = inputs[0].span<float>();
  const std::vector<double> logs(x.begin(), x.end());
  Loss(node, inputs[0].shape, logs, inputs, outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, negative_log_likelihood_loss) = {
    .name = "NegativeLogLikelihoodLoss", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
