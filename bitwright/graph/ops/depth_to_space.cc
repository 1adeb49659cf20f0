#include "bitwright/graph/ops/depth_space.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(const std::int64_t block, BlockSize(in));
  const std::string mode = in.node.attributes.String("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return Fail("mode is '{}', allowed: DCR, CRD", mode);
  Shape shape = in.types[0].shape;
  if (shape[1] % (block * block) != 0) {
    return Fail("input {} has {} channels, a multiple of blocksize^2 = {} is needed",
                ShapeText(shape), shape[1], block * block);
  }
  shape = {shape[0], shape[1] / (block * block), shape[2] * block, shape[3] * block};
  return Types{{in.types[0].dtype, std::move(shape)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::int64_t block = node.attributes.Int("blocksize", 1);
  const bool columns_first = node.attributes.String("mode", "DCR") == "CRD";
  const Shape& wide = outputs[0].shape;
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    const std::int64_t c = wide[1], h = wide[2], w = wide[3];
    for (std::int64_t i = 0; i < outputs[0].size(); ++i) {
      const std::int64_t col = i % w, row = i / w % h, channel = i / w / h % c, n = i / w / h / c;
      const std::int64_t place = row % block * block + col % block;
      const std::int64_t deep =
          columns_first ? channel * block * block + place : place * c + channel;
      const std::int64_t at =
          ((n * c * block * block + deep) * (h / block) + row / block) * (w / block) + col / block;
      y[static_cast<std::size_t>(i)] = x[static_cast<std::size_t>(at)];
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, depth_to_space) = {
    .name = "DepthToSpace", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
