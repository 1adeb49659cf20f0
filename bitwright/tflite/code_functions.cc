#include "bitwright/tflite/code_functions.h"

#include <algorithm>
#include <cmath>

#include "bitwright/graph/ops/tflite_integer.h"
#include "bitwright/tflite/quantized.h"

namespace bw::tflite {
namespace {

namespace integer = ops::tflite;

std::int64_t CodeOf(const CodeScales& s, float real) {
  return s.out_zero + static_cast<std::int64_t>(std::round(real / s.out_scale));
}

// The codes between which an activation leaves results.
std::int64_t Activated(const CodeScales& s, Fused fused, std::int64_t code) {
  switch (fused) {
    case Fused::kRelu:
      return std::max(code, CodeOf(s, 0));
    case Fused::kRelu6:
      return std::min(std::max(code, CodeOf(s, 0)), CodeOf(s, 6));
    case Fused::kReluN1To1:
      return std::min(std::max(code, CodeOf(s, -1)), CodeOf(s, 1));
    default:
      return code;
  }
}

template <typename To>
bw::Tensor MakeTable(const CodeScales& scales, int first, const CodeFunction& function) {
  bw::Tensor table(DTypeOf<To>(), {256});
  for (int i = 0; i < 256; ++i) {
    table.span<To>()[static_cast<std::size_t>(i)] = static_cast<To>(
        std::clamp<std::int64_t>(function(scales, first + i), std::numeric_limits<To>::min(),
                                 std::numeric_limits<To>::max()));
  }
  return table;
}

}  // namespace

CodeFunction RescaleCodes(Fused fused) {
  return [fused](const CodeScales& s, std::int32_t code) {
    const auto by =
        integer::MakeMultiplier(static_cast<double>(s.in_scale) / static_cast<double>(s.out_scale));
    return Activated(s, fused, std::int64_t{integer::Times(code - s.in_zero, by)} + s.out_zero);
  };
}

CodeFunction LeakyCodes(float alpha) {
  return [alpha](const CodeScales& s, std::int32_t code) {
    const bool negative = code < s.in_zero;
    const float scale = negative ? s.in_scale * std::abs(alpha) : s.in_scale;
    const auto by = integer::MakeMultiplier(static_cast<double>(scale / s.out_scale));
    const std::int32_t steps = negative && alpha < 0 ? s.in_zero - code : code - s.in_zero;
    return std::int64_t{integer::Times(steps, by)} + s.out_zero;
  };
}

CodeFunction RoundedFunction(float (*f)(float)) {
  return [f](const CodeScales& s, std::int32_t code) {
    const float result = f(s.in_scale * static_cast<float>(code - s.in_zero)) * (1 / s.out_scale);
    const float steps = std::isnan(result) ? 0.0F : std::clamp(std::round(result), -1e6F, 1e6F);
    return static_cast<std::int64_t>(steps) + s.out_zero;
  };
}

Expected<void> LowerTable(Lowering& to, const CodeFunction& function) {
  Items items;
  BW_TRY(CheckCodes(to.In(0)));
  BW_TRY(CheckCodes(to.Out()));
  const Affine &in = *to.In(0).affine, &out = *to.Out().affine;
  const CodeScales scales{in.scales[0], out.scales[0], static_cast<std::int32_t>(in.zeros[0]),
                          static_cast<std::int32_t>(out.zeros[0])};
  const int first = to.In(0).type == ElementType::kInt8 ? -128 : 0;
  items["table"] = to.Out().type == ElementType::kInt8
                       ? MakeTable<std::int8_t>(scales, first, function)
                       : MakeTable<std::uint8_t>(scales, first, function);
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("TfliteTable", {x}, std::move(items), kOwnDomain), Form::kFile);
  return {};
}

}  // namespace bw::tflite
