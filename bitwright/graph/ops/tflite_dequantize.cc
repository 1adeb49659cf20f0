// int8 or uint8 codes to real numbers: scale * (code - zero), rounded once.

#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  constexpr DType kCodes[] = {DType::kInt8, DType::kUint8};
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckDType(in, 0, kCodes));
  BW_TRY(tflite::CheckAffine(in.node, "input", in.types[0].dtype));
  return Types{{DType::kFloat32, in.types[0].shape}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const tflite::Affine in = tflite::AffineOf(node, "input");
  const auto y = outputs[0].span<float>();
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto steps = static_cast<std::int32_t>(x[i]) - in.zero;
      y[i] = in.scale * static_cast<float>(steps);
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, tflite_dequantize) = {
    .name = "TfliteDequantize", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
