// The first lengths[b] (input 1) elements of each sequence in reverse order, the rest as it is.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  const Shape& x = in.types[0].shape;
  const std::int64_t batch = in.node.attributes.Int("batch_axis", 1);
  const std::int64_t time = in.node.attributes.Int("time_axis", 0);
  if (x.size() < 2 || batch < 0 || batch > 1 || time < 0 || time > 1 || batch == time) {
    return Fail("batch_axis is {} and time_axis {} of {}, one must be 0 and the other 1", batch,
                time, ShapeText(x));
  }
  if (in.types[1].shape != Shape{x[static_cast<std::size_t>(batch)]}) {
    return Fail("sequence_lens is {}, [{}] is needed", ShapeText(in.types[1].shape),
                x[static_cast<std::size_t>(batch)]);
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  const bool time_first = node.attributes.Int("time_axis", 0) == 0;
  const std::vector<std::int64_t> lengths = ReadInts(inputs[1]);
  const std::int64_t bytes =
      Product(x, 2, x.size()) * static_cast<std::int64_t>(DTypeBytes(inputs[0].dtype));
  const auto* from = static_cast<const char*>(inputs[0].data);
  auto* to = static_cast<char*>(outputs[0].data);
  for (std::int64_t i = 0; i < x[0] * x[1] && bytes > 0; ++i) {
    const std::int64_t t = time_first ? i / x[1] : i % x[1], b = time_first ? i % x[1] : i / x[1];
    const std::int64_t length =
        std::clamp<std::int64_t>(lengths[static_cast<std::size_t>(b)], 0, x[time_first ? 0 : 1]);
    const std::int64_t source = t < length ? length - 1 - t : t;
    const std::int64_t place = time_first ? source * x[1] + b : b * x[1] + source;
    std::memcpy(to + i * bytes, from + place * bytes, static_cast<std::size_t>(bytes));
  }
}

}  // namespace

BW_ENTRY(OpDef, reverse_sequence) = {
    .name = "ReverseSequence", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
