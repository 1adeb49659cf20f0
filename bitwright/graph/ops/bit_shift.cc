// Logical shift of unsigned integers; shifts of the width or more give 0.

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

constexpr DType kUnsigned[] = {DType::kUint8};

Expected<Types> Infer(const InferInput& in) {
  const std::string direction = in.node.attributes.String("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    return Fail("direction is '{}', allowed: LEFT, RIGHT", direction);
  }
  return BroadcastSame(in, kUnsigned);
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  using T = std::uint8_t;
  const bool left = node.attributes.String("direction", "") == "LEFT";
  MapPairs<T, T, T>(inputs, outputs[0], [&](T a, T b) -> T {
    if (b >= 8) return 0;
    return static_cast<T>(left ? a << b : a >> b);
  });
}

}  // namespace

BW_ENTRY(OpDef, bit_shift) = {.name = "BitShift", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
