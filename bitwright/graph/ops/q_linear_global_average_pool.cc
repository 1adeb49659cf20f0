// Mean of codes over the spatial axes, of ONNX Runtime's domain: x, x_scale, x_zero, y_scale,
// y_zero.

#include "bitwright/graph/ops/linear_code.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"channels_last", AttributeRule::Kind::kInt}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {4, 5, 1}));
  BW_TRY(CheckDType(in, 0, kBytes));
  for (const std::size_t i : {1, 3}) BW_TRY(CheckFloat(in, i));
  for (const std::size_t i : {1, 2, 3, 4}) BW_TRY(CheckScalar(in, i, "a scale or zero point"));
  for (const std::size_t i : {2, 4}) {
    if (in.has(i)) BW_TRY(CheckSameDType(in, i, 0));
  }
  if (in.node.attributes.Int("channels_last", 0) != 0) {
    return Fail("channels_last is 1, only 0 is supported");
  }
  Shape shape = in.types[0].shape;
  if (shape.size() < 3 || Product(shape, 2, shape.size()) == 0) {
    return Fail("input is {}, batch, channels and spatial extents are needed", ShapeText(shape));
  }
  std::fill(shape.begin() + 2, shape.end(), 1);
  return Types{{in.types[0].dtype, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const auto run = static_cast<std::size_t>(Product(shape, 2, shape.size()));
  const auto scale = [&](std::size_t i) { return static_cast<double>(inputs[i].span<float>()[0]); };
  const double ratio = scale(1) / scale(3);
  const double x_zero = ZerosOf(inputs, 2, 1)[0], y_zero = ZerosOf(inputs, 4, 1)[0];
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto x = inputs[0].span<T>();
      const auto y = outputs[0].span<T>();
      for (std::size_t i = 0; i < y.size(); ++i) {
        double sum = 0;
        for (std::size_t k = 0; k < run; ++k) sum += static_cast<double>(x[i * run + k]) - x_zero;
        y[i] = Saturated<T>(std::nearbyint(sum / static_cast<double>(run) * ratio) + y_zero);
      }
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, q_linear_global_average_pool) = {.name = "QLinearGlobalAveragePool",
                                                 .domain = "com.microsoft",
                                                 .infer = Infer,
                                                 .attributes = kAttributes,
                                                 .reference = Reference};

}  // namespace bw::ops
