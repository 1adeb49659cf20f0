// The values of integers on a grid: [N, H, W, C] back to [N, C, H, W], the very floats that
// FakeQuantize with these attributes gives. With attribute channels_last they stay [N, H, W, C].

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/ops/channels_last.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const auto grid = FindIntegerGrid(in.node.attributes);
  if (!grid || grid->dtype != in.types[0].dtype || in.types[0].shape.size() != 4) {
    return Fail("input is {} {}, four axes of integers of spec '{}' are needed",
                DTypeName(in.types[0].dtype), ShapeText(in.types[0].shape),
                in.node.attributes.String("spec", ""));
  }
  const bool last = in.node.attributes.Int("channels_last", 0) != 0;
  return Types{{DType::kFloat32, last ? in.types[0].shape : ChannelsFirst(in.types[0].shape)}};
}

template <typename T>
void Load(ConstTensorRef x, TensorRef y, const IntegerGrid& grid, Order order) {
  ForEachPlace(order, y.shape, [&](std::size_t first, std::size_t last) {
    const double integer = static_cast<double>(x.span<T>()[last]) - grid.offset;
    y.span<float>()[first] = grid.scale * static_cast<float>(grid.unit * integer);
  });
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const IntegerGrid grid = FindIntegerGrid(node.attributes).value();
  DispatchStored(grid.dtype,
                 [&]<typename T>() { Load<T>(inputs[0], outputs[0], grid, OrderOf(node)); });
}

}  // namespace

BW_ENTRY(OpDef, from_integer) = {.name = "FromInteger",
                                 .domain = kOwnDomain,
                                 .role = OpRole::kQuantize,
                                 .infer = Infer,
                                 .reference = Reference};

}  // namespace bw::ops
