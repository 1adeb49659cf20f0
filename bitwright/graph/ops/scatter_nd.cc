// A copy of x with updates[i..., ...] at x[indices[i..., :], ...].

#include "bitwright/graph/ops/scatter_nd.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  BW_TRY(CheckSameDType(in, 2, 0));
  BW_TRY(CheckReduction(in.node));
  const Shape &x = in.types[0].shape, &indices = in.types[1].shape;
  if (indices.empty()) return Fail("indices are a scalar, at least 1 axis is needed");
  BW_TRY(CheckTuples(x, 0, indices.back(), in.types[1], in.constants[1]));
  Shape updates(indices.begin(), indices.end() - 1);
  updates.insert(updates.end(), x.begin() + indices.back(), x.end());
  if (in.types[2].shape != updates) {
    return Fail("updates are {}, indices {} into {} need {}", ShapeText(in.types[2].shape),
                ShapeText(indices), ShapeText(x), ShapeText(updates));
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  CopyElements(node, inputs, outputs);
  const Shape& x = inputs[0].shape;
  const auto size = static_cast<std::size_t>(inputs[1].shape.back());
  const std::string reduction = node.attributes.String("reduction", "none");
  const std::vector<std::int64_t> indices = ReadInts(inputs[1]);
  const auto slice = static_cast<std::size_t>(Product(x, size, x.size()));
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto updates = inputs[2].span<T>();
    const auto y = outputs[0].span<T>();
    for (std::size_t t = 0; t < indices.size() / size; ++t) {
      const std::span tuple(indices.data() + t * size, size);
      const auto to = static_cast<std::size_t>(TupleOffset(x, 0, tuple));
      for (std::size_t i = 0; i < slice; ++i) {
        y[to + i] = Combine<T>(reduction, y[to + i], updates[t * slice + i]);
      }
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, scatter_nd) = {
    .name = "ScatterND", .infer = Infer, .attributes = kScatterAttributes, .reference = Reference};

}  // namespace bw::ops
