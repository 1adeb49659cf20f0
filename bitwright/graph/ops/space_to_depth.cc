#include "bitwright/graph/ops/depth_space.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(const std::int64_t block, BlockSize(in));
  const Shape& x = in.types[0].shape;
  if (x[2] % block != 0 || x[3] % block != 0) {
    return Fail("input is {}, its last two extents must be multiples of blocksize {}", ShapeText(x),
                block);
  }
  return Types{{in.types[0].dtype, {x[0], x[1] * block * block, x[2] / block, x[3] / block}}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::int64_t block = node.attributes.Int("blocksize", 1);
  const Shape& wide = inputs[0].shape;
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    const std::int64_t c = wide[1], h = wide[2], w = wide[3];
    for (std::int64_t i = 0; i < inputs[0].size(); ++i) {
      const std::int64_t col = i % w, row = i / w % h, channel = i / w / h % c, n = i / w / h / c;
      const std::int64_t deep = (row % block * block + col % block) * c + channel;
      const std::int64_t at =
          ((n * c * block * block + deep) * (h / block) + row / block) * (w / block) + col / block;
      y[static_cast<std::size_t>(at)] = x[static_cast<std::size_t>(i)];
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, space_to_depth) = {
    .name = "SpaceToDepth", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
