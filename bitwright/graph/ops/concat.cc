#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  const std::size_t count = in.node.inputs.size();
  BW_TRY(CheckCounts(in, {std::max<std::size_t>(count, 1), count, 1}));
  if (!in.node.attributes.Has("axis")) return Fail("attribute axis is absent, it is required");
  TensorType out = in.types[0];
  BW_ASSIGN(const std::size_t axis,
            NormalAxis(in.node.attributes.Int("axis", 0), out.shape.size()));
  for (std::size_t i = 1; i < count; ++i) {
    BW_TRY(CheckSameDType(in, i, 0));
    Shape expected = in.types[i].shape;
    if (expected.size() == out.shape.size()) expected[axis] = in.types[0].shape[axis];
    if (expected != in.types[0].shape) {
      return Fail("input {} is {} but input 0 is {}, they may differ on axis {} only", i,
                  ShapeText(in.types[i].shape), ShapeText(in.types[0].shape), axis);
    }
    out.shape[axis] += in.types[i].shape[axis];
    BW_TRY(CheckExtents(out.shape, "output"));
  }
  return Types{std::move(out)};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& out = outputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), out.size()).value();
  const std::int64_t outer = Product(out, 0, axis);
  const auto width = static_cast<std::int64_t>(DTypeBytes(outputs[0].dtype));
  auto* y = static_cast<char*>(outputs[0].data);
  for (std::int64_t i = 0; i < outer; ++i) {
    for (const ConstTensorRef& input : inputs) {
      const std::int64_t bytes = Product(input.shape, axis, out.size()) * width;
      if (bytes == 0) continue;
      std::memcpy(y, static_cast<const char*>(input.data) + i * bytes,
                  static_cast<std::size_t>(bytes));
      y += bytes;
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, concat) = {
    .name = "Concat", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
