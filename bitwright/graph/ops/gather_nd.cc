// y[b..., i..., ...] = x[b..., indices[b..., i..., :], ...] with batch_dims leading axes b.

#include "bitwright/graph/ops/scatter_nd.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  const Shape &x = in.types[0].shape, &indices = in.types[1].shape;
  const std::int64_t batch = in.node.attributes.Int("batch_dims", 0);
  const auto least = static_cast<std::int64_t>(std::min(x.size(), indices.size()));
  if (batch < 0 || batch >= least || !std::equal(x.begin(), x.begin() + batch, indices.begin())) {
    return Fail("batch_dims is {} for {} and {}, they must agree on that many leading axes", batch,
                ShapeText(x), ShapeText(indices));
  }
  const auto first = static_cast<std::size_t>(batch);
  BW_TRY(CheckTuples(x, first, indices.back(), in.types[1], in.constants[1]));
  Shape out(indices.begin(), indices.end() - 1);
  out.insert(out.end(), x.begin() + batch + indices.back(), x.end());
  return Types{{in.types[0].dtype, std::move(out)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape &x = inputs[0].shape, &shape = inputs[1].shape;
  const auto batch = static_cast<std::size_t>(node.attributes.Int("batch_dims", 0));
  const auto size = static_cast<std::size_t>(shape.back());
  const std::vector<std::int64_t> indices = ReadInts(inputs[1]);
  const auto width = static_cast<std::int64_t>(DTypeBytes(inputs[0].dtype));
  const std::int64_t bytes = Product(x, batch + size, x.size()) * width;
  const std::int64_t part = Product(x, batch, x.size()) * width;
  const std::int64_t tuples = static_cast<std::int64_t>(indices.size() / size);
  const std::int64_t per_batch = Product(shape, batch, shape.size() - 1);
  auto* y = static_cast<char*>(outputs[0].data);
  for (std::int64_t t = 0; t < tuples && bytes > 0; ++t) {
    const std::span tuple(indices.data() + static_cast<std::size_t>(t) * size, size);
    const std::int64_t from = t / per_batch * part + TupleOffset(x, batch, tuple) * width;
    std::memcpy(y + t * bytes, static_cast<const char*>(inputs[0].data) + from,
                static_cast<std::size_t>(bytes));
  }
}

}  // namespace

BW_ENTRY(OpDef, gather_nd) = {
    .name = "GatherND", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
