// (code - zero) * scale.

#include "bitwright/graph/ops/linear_code.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"block_size", AttributeRule::Kind::kInt}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  BW_TRY(CheckDType(in, 0, kCodes));
  BW_TRY(CheckFloat(in, 1));
  BW_TRY(PlaceScales(in.node, in.types[0].shape, in.types[1].shape));
  if (in.has(2)) {
    BW_TRY(CheckSameDType(in, 2, 0));
    if (in.types[2].shape != in.types[1].shape) {
      return Fail("scale is {} and zero point {}, they must be of one shape",
                  ShapeText(in.types[1].shape), ShapeText(in.types[2].shape));
    }
  }
  return Types{{DType::kFloat32, in.types[0].shape}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const ScalePlaces places = PlaceScales(node, shape, inputs[1].shape).value();
  const auto scale = inputs[1].span<float>();
  const std::vector<double> zeros = ZerosOf(inputs, 2, scale.size());
  const auto y = outputs[0].span<float>();
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    ForEachScaled(shape, places, [&](std::size_t i, std::size_t s) {
      y[i] = static_cast<float>((static_cast<double>(x[i]) - zeros[s]) *
                                static_cast<double>(scale[s]));
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, dequantize_linear) = {
    .name = "DequantizeLinear", .infer = Infer, .attributes = kAttributes, .reference = Reference};

}  // namespace bw::ops
