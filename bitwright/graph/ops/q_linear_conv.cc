// Convolution from codes to codes: x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias.

#include "bitwright/graph/ops/conv_integer.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {8, 9, 1}));
  const Shape &x = in.types[0].shape, &w = in.types[3].shape;
  for (const std::size_t i : {0, 2, 3, 5, 7}) BW_TRY(CheckDType(in, i, kBytes));
  for (const std::size_t i : {1, 4, 6}) BW_TRY(CheckFloat(in, i));
  for (const std::size_t i : {1, 2, 6, 7}) BW_TRY(CheckScalar(in, i, "a scale or zero point"));
  BW_ASSIGN(const auto windows, CodeWindows(in.node, x, w));
  for (const std::size_t i : {4, 5}) {
    if (ElementCount(in.types[i].shape) != 1 && in.types[i].shape != Shape{w[0]}) {
      return Fail("input {} is {}, a scalar or [{}] is needed", i, ShapeText(in.types[i].shape),
                  w[0]);
    }
  }
  if (in.has(8) && (in.types[8].dtype != DType::kInt32 || in.types[8].shape != Shape{w[0]})) {
    return Fail("bias is {}{}, int32[{}] is needed", DTypeName(in.types[8].dtype),
                ShapeText(in.types[8].shape), w[0]);
  }
  Shape out = {x[0], w[0]};
  for (const Window& window : windows) out.push_back(window.out);
  return Types{{in.types[7].dtype, std::move(out)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto count = [&](std::size_t i) { return static_cast<std::size_t>(inputs[i].size()); };
  const auto x = Centred(inputs[0], ZerosOf(inputs, 2, 1));
  const auto w = Centred(inputs[3], ZerosOf(inputs, 5, count(5)));
  const auto sums = ConvolveCodes(node, inputs[0].shape, inputs[3].shape, x, w);
  const auto w_scale = inputs[4].span<float>();
  const float x_scale = inputs[1].span<float>()[0], y_scale = inputs[6].span<float>()[0];
  const double zero = ZerosOf(inputs, 7, 1)[0];
  const auto filters = static_cast<std::size_t>(inputs[3].shape[0]);
  const std::size_t points =
      sums.size() / std::max<std::size_t>(filters, 1) /
      static_cast<std::size_t>(std::max<std::int64_t>(inputs[0].shape[0], 1));
  const bool biased = inputs.size() > 8 && inputs[8].data != nullptr;
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto y = outputs[0].span<T>();
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t m = i / points % filters;
        const float ratio = x_scale * w_scale[w_scale.size() > 1 ? m : 0] / y_scale;
        std::int64_t sum = sums[i];
        if (biased) sum += inputs[8].span<std::int32_t>()[m];
        y[i] = Saturated<T>(std::nearbyint(static_cast<double>(sum) * static_cast<double>(ratio)) +
                            zero);
      }
    }
  });
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  const Shape& w = inputs[3].shape;
  return ElementCount(outputs[0].shape) * Product(w, 1, w.size());
}

}  // namespace

BW_ENTRY(OpDef, q_linear_conv) = {
    .name = "QLinearConv", .infer = Infer, .reference = Reference, .macs = Macs};

}  // namespace bw::ops
