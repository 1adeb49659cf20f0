// A copy of x with updates[i...] at [i... with indices[i...] on the axis].

#include "bitwright/graph/ops/scatter.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  BW_TRY(CheckSameDType(in, 2, 0));
  BW_TRY(CheckReduction(in.node));
  const Shape &x = in.types[0].shape, &indices = in.types[1].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", 0), x.size()));
  bool fits = x.size() == indices.size() && in.types[2].shape == indices;
  for (std::size_t i = 0; fits && i < x.size(); ++i) fits = i == axis || indices[i] <= x[i];
  if (!fits || (x[axis] == 0 && ElementCount(indices) > 0)) {
    return Fail("indices are {} and updates {} for input {}, they may be longer on axis {} only",
                ShapeText(indices), ShapeText(in.types[2].shape), ShapeText(x), axis);
  }
  BW_TRY(CheckIndices(in.constants[1], x[axis]));
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  CopyElements(node, inputs, outputs);
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), shape.size()).value();
  const std::string reduction = node.attributes.String("reduction", "none");
  const std::vector<std::int64_t> indices = ReadInts(inputs[1]);
  std::vector<std::int64_t> strides = Strides(shape);
  const std::int64_t step = strides[axis];
  strides[axis] = 0;
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto updates = inputs[2].span<T>();
    const auto y = outputs[0].span<T>();
    ForEach(inputs[1].shape, std::array{strides},
            [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
              T& to =
                  y[static_cast<std::size_t>(at[0] + FrontIndex(indices[i], shape[axis]) * step)];
              to = Combine<T>(reduction, to, updates[i]);
            });
  });
}

}  // namespace

BW_ENTRY(OpDef, scatter_elements) = {.name = "ScatterElements",
                                     .infer = Infer,
                                     .attributes = kScatterAttributes,
                                     .reference = Reference};

}  // namespace bw::ops
