// LogSoftmax along axis 1 and its negative log-likelihood; output 1 holds the former.

#include <cmath>
#include <limits>

#include "bitwright/graph/ops/loss.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 2}));
  BW_ASSIGN(TensorType type, LossType(in));
  Types types = {std::move(type), in.types[0]};
  types.resize(in.node.outputs.size());
  return types;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::int64_t inner = Product(shape, 2, shape.size()), extent = shape[1];
  const auto x = inputs[0].span<float>();
  std::vector<double> logs(x.begin(), x.end());
  for (std::int64_t row = 0; row < shape[0] * inner; ++row) {
    const auto at = [&](std::int64_t i) {
      return static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner);
    };
    double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < extent; ++i) greatest = std::max(greatest, logs[at(i)]);
    for (std::int64_t i = 0; i < extent; ++i) sum += std::exp(logs[at(i)] - greatest);
    for (std::int64_t i = 0; i < extent; ++i) logs[at(i)] -= greatest + std::log(sum);
  }
  Loss(node, shape, logs, inputs, outputs[0]);
  if (outputs.size() < 2 || outputs[1].data == nullptr) return;
  const auto y = outputs[1].span<float>();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(logs[i]);
}

}  // namespace

BW_ENTRY(OpDef, softmax_cross_entropy_loss) = {
    .name = "SoftmaxCrossEntropyLoss", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
