// y[outer, j..., inner] = x[outer, indices[j...], inner]; negative indices count from the end. An
// index out of range is refused where it is known and clamped where it is computed from data.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 1, kIndex));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", 0), x.size()));
  const Shape& indices = in.types[1].shape;
  if (x[axis] == 0 && ElementCount(indices) > 0) {
    return Fail("input is {}, axis {} has no elements to gather", ShapeText(x), axis);
  }
  if (in.constants[1] != nullptr) {
    for (const std::int64_t index : ReadInts(*in.constants[1])) {
      if (index >= -x[axis] && index < x[axis]) continue;
      return Fail("index {} on axis {} of input {}, allowed are {} to {}", index, axis,
                  ShapeText(x), -x[axis], x[axis] - 1);
    }
  }
  TensorType out{in.types[0].dtype, x};
  const auto at = out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  out.shape.insert(at, indices.begin(), indices.end());
  return Types{std::move(out)};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), x.size()).value();
  const auto width = static_cast<std::int64_t>(DTypeBytes(inputs[0].dtype));
  const std::int64_t bytes = Product(x, axis + 1, x.size()) * width;
  const std::vector<std::int64_t> indices = ReadInts(inputs[1]);
  auto* y = static_cast<char*>(outputs[0].data);
  if (bytes == 0 || x[axis] == 0) return;
  for (std::int64_t outer = 0; outer < Product(x, 0, axis); ++outer) {
    for (const std::int64_t index : indices) {
      const std::int64_t bounded = std::clamp(index, -x[axis], x[axis] - 1);
      const std::int64_t row = outer * x[axis] + (bounded < 0 ? bounded + x[axis] : bounded);
      std::memcpy(y, static_cast<const char*>(inputs[0].data) + row * bytes,
                  static_cast<std::size_t>(bytes));
      y += bytes;
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, gather) = {
    .name = "Gather", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
