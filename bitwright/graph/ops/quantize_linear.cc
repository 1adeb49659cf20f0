// code = saturate(round(x / scale) + zero), ties to even.

#include "bitwright/graph/ops/linear_code.h"
#include "bitwright/graph/ops/onnx_type.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"saturate", AttributeRule::Kind::kInt},
                                         {"block_size", AttributeRule::Kind::kInt},
                                         {"output_dtype", AttributeRule::Kind::kInt}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  constexpr DType kReal[] = {DType::kFloat32, DType::kInt32};
  BW_TRY(CheckDType(in, 0, kReal));
  BW_TRY(CheckFloat(in, 1));
  BW_TRY(PlaceScales(in.node, in.types[0].shape, in.types[1].shape));
  DType dtype = DType::kUint8;
  if (in.has(2)) {
    BW_TRY(CheckDType(in, 2, kBytes));
    if (in.types[2].shape != in.types[1].shape) {
      return Fail("scale is {} and zero point {}, they must be of one shape",
                  ShapeText(in.types[1].shape), ShapeText(in.types[2].shape));
    }
    dtype = in.types[2].dtype;
  } else if (const auto to = in.node.attributes.Int("output_dtype", 0); to != 0) {
    BW_ASSIGN(dtype, TypeOfOnnx(to, "output_dtype"));
    if (dtype != DType::kUint8 && dtype != DType::kInt8) {
      return Fail("output_dtype is {}, allowed: uint8, int8", DTypeName(dtype));
    }
  }
  return Types{{dtype, in.types[0].shape}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const ScalePlaces places = PlaceScales(node, shape, inputs[1].shape).value();
  const auto scale = inputs[1].span<float>();
  const std::vector<double> zeros = ZerosOf(inputs, 2, scale.size());
  DispatchNumeric(inputs[0].dtype, [&]<typename From>() {
    DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
      if constexpr (std::is_integral_v<T>) {
        const auto x = inputs[0].span<From>();
        const auto y = outputs[0].span<T>();
        ForEachScaled(shape, places, [&](std::size_t i, std::size_t s) {
          const float ratio = static_cast<float>(x[i]) / scale[s];
          y[i] = Saturated<T>(std::nearbyint(static_cast<double>(ratio)) + zeros[s]);
        });
      }
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, quantize_linear) = {
    .name = "QuantizeLinear", .infer = Infer, .attributes = kAttributes, .reference = Reference};

}  // namespace bw::ops
