// Sum of codes, of ONNX Runtime's domain: a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero;
// all scales for whole tensors.

#include "bitwright/graph/ops/linear_code.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {7, 8, 1}));
  for (const std::size_t i : {0, 3}) BW_TRY(CheckDType(in, i, kBytes));
  for (const std::size_t i : {1, 4, 6}) BW_TRY(CheckFloat(in, i));
  for (const std::size_t i : {1, 2, 4, 5, 6, 7}) {
    BW_TRY(CheckScalar(in, i, "a scale or zero point"));
  }
  for (const std::size_t i : {2, 3, 5, 7}) {
    if (in.has(i)) BW_TRY(CheckSameDType(in, i, 0));
  }
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[3].shape));
  return Types{{in.types[0].dtype, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = outputs[0].shape;
  const auto scale = [&](std::size_t i) { return static_cast<double>(inputs[i].span<float>()[0]); };
  const auto zero = [&](std::size_t i) { return ZerosOf(inputs, i, 1)[0]; };
  const double a_scale = scale(1), b_scale = scale(4), y_scale = scale(6);
  const double a_zero = zero(2), b_zero = zero(5), y_zero = zero(7);
  const std::array strides = {BroadcastStrides(inputs[0].shape, shape),
                              BroadcastStrides(inputs[3].shape, shape)};
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto a = inputs[0].span<T>(), b = inputs[3].span<T>();
      const auto y = outputs[0].span<T>();
      ForEach(shape, strides, [&](std::size_t i, const std::array<std::int64_t, 2>& at) {
        const double left = static_cast<double>(a[static_cast<std::size_t>(at[0])]) - a_zero;
        const double right = static_cast<double>(b[static_cast<std::size_t>(at[1])]) - b_zero;
        const double sum = left * a_scale + right * b_scale;
        y[i] = Saturated<T>(std::nearbyint(sum / y_scale) + y_zero);
      });
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, q_linear_add) = {
    .name = "QLinearAdd", .domain = "com.microsoft", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
