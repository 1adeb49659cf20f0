// uint8 codes by the input's own range, which is made to hold 0; outputs 1 and 2 are the scale and
// the zero point.

#include "bitwright/graph/ops/linear_code.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 3}));
  BW_TRY(CheckFloat(in, 0));
  Types types = {{DType::kUint8, in.types[0].shape}, {DType::kFloat32, {}}, {DType::kUint8, {}}};
  types.resize(in.node.outputs.size());
  return types;
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto x = inputs[0].span<float>();
  float low = 0, high = 0;
  for (const float v : x) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const float scale = (high - low) / 255;
  const auto zero = static_cast<std::uint8_t>(
      scale > 0 ? Saturated<std::uint8_t>(static_cast<double>(-low / scale)) : 0);
  const auto y = outputs[0].span<std::uint8_t>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double code = scale > 0 ? std::nearbyint(static_cast<double>(x[i] / scale)) : 0;
    y[i] = Saturated<std::uint8_t>(code + zero);
  }
  if (outputs.size() > 1 && outputs[1].data != nullptr) outputs[1].span<float>()[0] = scale;
  if (outputs.size() > 2 && outputs[2].data != nullptr) outputs[2].span<std::uint8_t>()[0] = zero;
}

}  // namespace

BW_ENTRY(OpDef, dynamic_quantize_linear) = {
    .name = "DynamicQuantizeLinear", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
