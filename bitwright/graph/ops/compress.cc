// The slices of an axis (or elements of the flattened input) where the condition holds.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// The input as [outer, extent, inner] around the axis.
struct View {
  std::int64_t outer = 1, extent = 1, inner = 1;
};

Expected<View> MakeView(const Node& node, const Shape& shape) {
  if (!node.attributes.Has("axis")) return View{1, ElementCount(shape), 1};
  BW_ASSIGN(const std::size_t axis, NormalAxis(node.attributes.Int("axis", 0), shape.size()));
  return View{Product(shape, 0, axis), shape[axis], Product(shape, axis + 1, shape.size())};
}

std::vector<std::int64_t> Chosen(const ConstTensorRef& condition, std::int64_t extent) {
  std::vector<std::int64_t> chosen;
  const auto flags = condition.span<bool>();
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] && static_cast<std::int64_t>(i) < extent) {
      chosen.push_back(static_cast<std::int64_t>(i));
    }
  }
  return chosen;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  constexpr DType kBool[] = {DType::kBool};
  BW_TRY(CheckDType(in, 1, kBool));
  BW_ASSIGN(const View view, MakeView(in.node, in.types[0].shape));
  if (in.constants[1] == nullptr) return NotKnown(in, 1, "condition");
  const auto count = static_cast<std::int64_t>(Chosen(*in.constants[1], view.extent).size());
  TensorType out{in.types[0].dtype, {count}};
  if (in.node.attributes.Has("axis")) {
    const std::size_t rank = in.types[0].shape.size();
    out.shape = in.types[0].shape;
    out.shape[NormalAxis(in.node.attributes.Int("axis", 0), rank).value()] = count;
  }
  return Types{std::move(out)};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const View view = MakeView(node, inputs[0].shape).value();
  const auto width = static_cast<std::int64_t>(DTypeBytes(inputs[0].dtype));
  const std::int64_t bytes = view.inner * width;
  auto* y = static_cast<char*>(outputs[0].data);
  const auto* x = static_cast<const char*>(inputs[0].data);
  const std::vector<std::int64_t> chosen = Chosen(inputs[1], view.extent);
  for (std::int64_t outer = 0; outer < view.outer && bytes > 0; ++outer) {
    for (const std::int64_t i : chosen) {
      std::memcpy(y, x + (outer * view.extent + i) * bytes, static_cast<std::size_t>(bytes));
      y += bytes;
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, compress) = {.name = "Compress", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
