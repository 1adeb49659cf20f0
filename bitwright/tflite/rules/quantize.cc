// QUANTIZE: real numbers to codes, and codes to codes of another scale. DEQUANTIZE: codes to real
// numbers; float16 constants to float32.

#include "bitwright/tflite/code_functions.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kDequantize = 6, kQuantize = 114;

Expected<void> LowerQuantize(Lowering& to) {
  if (!to.IsFloat()) return LowerTable(to, RescaleCodes(Fused::kNone));
  BW_ASSIGN(Items items, QuantizeAttributes(to.Out()));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("TfliteQuantize", {x}, std::move(items), kOwnDomain), Form::kFile);
  return {};
}

// Weights that are stored as int8 but calculated with as float32, one scale for each index of an
// axis.
Expected<ValueId> RealWeights(Lowering& to) {
  const Affine& affine = *to.In(0).affine;
  BW_ASSIGN(const bw::Tensor codes, to.Constant(0));
  bw::Tensor real(DType::kFloat32, codes.shape());
  const auto axis = static_cast<std::size_t>(affine.axis);
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < codes.shape().size(); ++i) inner *= codes.shape()[i];
  const auto count = static_cast<std::int64_t>(affine.scales.size());
  const auto elements = real.span<float>();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto at = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % count);
    const auto steps = codes.span<std::int8_t>()[i] - affine.zeros[at];
    elements[i] = affine.scales[at] * static_cast<float>(steps);
  }
  return to.Add(std::move(real));
}

Expected<void> LowerDequantize(Lowering& to) {
  const TensorInfo& in = to.In(0);
  if (in.type == ElementType::kFloat16 && in.is_constant) {
    BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
    to.Give(0, to.Emit("Identity", {x}), Form::kFile);
    return {};
  }
  if (in.is_constant && in.type == ElementType::kInt8 && in.affine &&
      in.affine->scales.size() > 1) {
    BW_ASSIGN(const ValueId x, RealWeights(to));
    to.Give(0, to.Emit("Identity", {x}), Form::kFile);
    return {};
  }
  BW_ASSIGN(Items items, DequantizeAttributes(in));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("TfliteDequantize", {x}, std::move(items), kOwnDomain), Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  return to.op().code == kQuantize ? LowerQuantize(to) : LowerDequantize(to);
}

constexpr Covered kCovered[] = {{kDequantize, 38}, {kQuantize, 89}};

}  // namespace

BW_ENTRY(tflite::Rule, quantize) = {.name = "quantize", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
