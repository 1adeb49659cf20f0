// Matrix product from codes to codes: a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero.

#include "bitwright/graph/ops/mat_mul_integer.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {8, 8, 1}));
  for (const std::size_t i : {0, 2, 3, 5, 7}) BW_TRY(CheckDType(in, i, kBytes));
  for (const std::size_t i : {1, 4, 6}) BW_TRY(CheckFloat(in, i));
  BW_ASSIGN(CodeProduct p, MakeCodeProduct(in.types[0].shape, in.types[3].shape));
  for (const std::size_t i : {1, 2}) BW_TRY(CheckParameter(in, i, p.m));
  for (const std::size_t i : {4, 5}) BW_TRY(CheckParameter(in, i, p.n));
  for (const std::size_t i : {6, 7}) BW_TRY(CheckScalar(in, i, "scale or zero point of y"));
  return Types{{in.types[7].dtype, std::move(p.out)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const CodeProduct p = MakeCodeProduct(inputs[0].shape, inputs[3].shape).value();
  const auto count = [&](std::size_t i) { return static_cast<std::size_t>(inputs[i].size()); };
  const auto a = CentredMatrix(inputs[0], ZerosOf(inputs, 2, count(2)), true);
  const auto b = CentredMatrix(inputs[3], ZerosOf(inputs, 5, count(5)), false);
  const auto sums = MultiplyCodes(p, inputs[0].shape, inputs[3].shape, a, b);
  const auto a_scale = inputs[1].span<float>(), b_scale = inputs[4].span<float>();
  const float y_scale = inputs[6].span<float>()[0];
  const double zero = ZerosOf(inputs, 7, 1)[0];
  const auto rows = static_cast<std::size_t>(p.m), columns = static_cast<std::size_t>(p.n);
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto y = outputs[0].span<T>();
      for (std::size_t i = 0; i < y.size(); ++i) {
        const float row = a_scale[a_scale.size() > 1 ? i / columns % rows : 0];
        const float column = b_scale[b_scale.size() > 1 ? i % columns : 0];
        const double value =
            static_cast<double>(sums[i]) * static_cast<double>(row * column / y_scale);
        y[i] = Saturated<T>(std::nearbyint(value) + zero);
      }
    }
  });
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * inputs[0].shape.back();
}

}  // namespace

BW_ENTRY(OpDef, q_linear_mat_mul) = {
    .name = "QLinearMatMul", .infer = Infer, .reference = Reference, .macs = Macs};

}  // namespace bw::ops
