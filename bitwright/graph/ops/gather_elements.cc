// y[i...] = x[i... with indices[i...] on the axis].

#include "bitwright/graph/ops/scatter.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  const Shape &x = in.types[0].shape, &indices = in.types[1].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", 0), x.size()));
  bool fits = x.size() == indices.size();
  for (std::size_t i = 0; fits && i < x.size(); ++i) fits = i == axis || indices[i] <= x[i];
  if (!fits || (x[axis] == 0 && ElementCount(indices) > 0)) {
    return Fail("indices are {} for input {}, they may be longer on axis {} only",
                ShapeText(indices), ShapeText(x), axis);
  }
  BW_TRY(CheckIndices(in.constants[1], x[axis]));
  return Types{{in.types[0].dtype, indices}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), shape.size()).value();
  const std::vector<std::int64_t> indices = ReadInts(inputs[1]);
  std::vector<std::int64_t> strides = Strides(shape);
  const std::int64_t step = strides[axis];
  strides[axis] = 0;
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    ForEach(outputs[0].shape, std::array{strides},
            [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
              y[i] =
                  x[static_cast<std::size_t>(at[0] + FrontIndex(indices[i], shape[axis]) * step)];
            });
  });
}

}  // namespace

BW_ENTRY(OpDef, gather_elements) = {
    .name = "GatherElements", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
