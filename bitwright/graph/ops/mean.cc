// The mean of any number of inputs, broadcast.

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  const std::size_t count = in.node.inputs.size();
  BW_TRY(CheckCounts(in, {std::max<std::size_t>(count, 1), count, 1}));
  Shape shape = in.types[0].shape;
  for (std::size_t i = 0; i < count; ++i) {
    BW_TRY(CheckFloat(in, i));
    BW_ASSIGN(shape, Broadcast(shape, in.types[i].shape));
  }
  return Types{{DType::kFloat32, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto y = outputs[0].span<float>();
  std::vector<double> sums(y.size(), 0);
  for (const ConstTensorRef& input : inputs) {
    const auto x = input.span<float>();
    ForEach(outputs[0].shape, std::array{BroadcastStrides(input.shape, outputs[0].shape)},
            [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
              sums[i] += static_cast<double>(x[static_cast<std::size_t>(at[0])]);
            });
  }
  const auto count = static_cast<double>(inputs.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(sums[i] / count);
}

}  // namespace

BW_ENTRY(OpDef, mean) = {.name = "Mean", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
