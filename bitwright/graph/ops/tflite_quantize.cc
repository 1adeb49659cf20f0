// Real numbers to codes of the type that the attribute "to" names: round(x / scale) + zero in
// float32, ties away from zero, saturated.

#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops {
namespace {

Expected<DType> To(const Node& node) {
  const std::string to = node.attributes.String("to", "int8");
  if (to == "int8") return DType::kInt8;
  if (to == "uint8") return DType::kUint8;
  return Fail("to is '{}', allowed: int8, uint8", to);
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_ASSIGN(const DType to, To(in.node));
  BW_TRY(tflite::CheckAffine(in.node, "output", to));
  return Types{{to, in.types[0].shape}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const tflite::Affine out = tflite::AffineOf(node, "output");
  const auto x = inputs[0].span<float>();
  const float low = static_cast<float>(tflite::LeastCode(outputs[0].dtype) - out.zero);
  const auto code = [&](float real) {
    const float steps = std::round(real / out.scale);
    const float inside = std::isnan(steps) ? 0.0F : std::clamp(steps, low, low + 255);
    return static_cast<std::int32_t>(inside) + out.zero;
  };
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(code(x[i]));
  });
}

}  // namespace

BW_ENTRY(OpDef, tflite_quantize) = {
    .name = "TfliteQuantize", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
