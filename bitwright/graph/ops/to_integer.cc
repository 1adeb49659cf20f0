// Rounds [N, C, H, W] to the integer grid of attributes spec, scale, zero (as FakeQuantize), stored
// as its integers [N, H, W, C]. With attribute channels_last the input is [N, H, W, C] too.

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/ops/channels_last.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  const auto grid = FindIntegerGrid(in.node.attributes);
  if (!grid) {
    return Fail("spec is '{}', integers of at most 20 bits times a unit are needed",
                in.node.attributes.String("spec", ""));
  }
  if (in.types[0].shape.size() != 4) {
    return Fail("input is {}, four axes are needed", ShapeText(in.types[0].shape));
  }
  const bool last = in.node.attributes.Int("channels_last", 0) != 0;
  return Types{{grid->dtype, last ? in.types[0].shape : ChannelsLast(in.types[0].shape)}};
}

template <typename T>
void Store(ConstTensorRef x, TensorRef y, const IntegerGrid& grid, Order order) {
  ForEachPlace(order, x.shape, [&](std::size_t first, std::size_t last) {
    y.span<T>()[last] = static_cast<T>(StoreOnGrid(x.span<float>()[first], grid));
  });
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const IntegerGrid grid = FindIntegerGrid(node.attributes).value();
  DispatchStored(grid.dtype,
                 [&]<typename T>() { Store<T>(inputs[0], outputs[0], grid, OrderOf(node)); });
}

}  // namespace

BW_ENTRY(OpDef, to_integer) = {.name = "ToInteger",
                               .domain = kOwnDomain,
                               .role = OpRole::kQuantize,
                               .infer = Infer,
                               .reference = Reference};

}  // namespace bw::ops
