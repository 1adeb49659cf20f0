#include "bitwright/tflite/quantized.h"

#include <algorithm>

namespace bw::tflite {

Expected<void> CheckCodes(const TensorInfo& tensor) {
  if (tensor.type != ElementType::kInt8 && tensor.type != ElementType::kUint8) {
    return Fail("tensor '{}' is {}, allowed with integers: int8, uint8", tensor.name,
                TypeText(tensor.type));
  }
  if (!tensor.affine || tensor.affine->scales.size() != 1) {
    return Fail("tensor '{}' has {} scales, one is needed", tensor.name,
                tensor.affine ? tensor.affine->scales.size() : 0);
  }
  if (!(tensor.affine->scales[0] > 0)) {
    return Fail("tensor '{}' has the scale {}, it must be positive", tensor.name,
                tensor.affine->scales[0]);
  }
  const int low = tensor.type == ElementType::kInt8 ? -128 : 0;
  const std::int64_t zero = tensor.affine->zeros[0];
  if (zero < low || zero > low + 255) {
    return Fail("tensor '{}' has the zero point {}, allowed for {} are {} to {}", tensor.name, zero,
                TypeText(tensor.type), low, low + 255);
  }
  return {};
}

Expected<void> SetAffine(Items& items, const std::string& role, const TensorInfo& tensor) {
  BW_TRY(CheckCodes(tensor));
  items[role + "_scale"] = tensor.affine->scales[0];
  items[role + "_zero"] = tensor.affine->zeros[0];
  return {};
}

Expected<Items> QuantizeAttributes(const TensorInfo& output) {
  Items items;
  BW_TRY(SetAffine(items, "output", output));
  items["to"] = TypeText(output.type);
  return items;
}

Expected<Items> DequantizeAttributes(const TensorInfo& input) {
  Items items;
  BW_TRY(SetAffine(items, "input", input));
  return items;
}

Expected<void> CheckSameCodes(const TensorInfo& input, const TensorInfo& output) {
  BW_TRY(CheckCodes(input));
  BW_TRY(CheckCodes(output));
  if (input.type == ElementType::kInt8 && output.type == ElementType::kInt8 &&
      input.affine->scales == output.affine->scales &&
      input.affine->zeros == output.affine->zeros) {
    return {};
  }
  return Fail("'{}' ({}, scale {}) and '{}' ({}, scale {}) must both be int8 of one scale and zero",
              input.name, TypeText(input.type), input.affine->scales[0], output.name,
              TypeText(output.type), output.affine->scales[0]);
}

Expected<Arithmetic> LayerArithmetic(const Lowering& to) {
  const ElementType x = to.In(0).type, w = to.In(1).type;
  const bool real_weights = w == ElementType::kFloat32 || w == ElementType::kFloat16;
  if (x == ElementType::kFloat32 && real_weights) return Arithmetic::kFloat;
  if (x == ElementType::kInt8 && w == ElementType::kInt8) return Arithmetic::kInteger;
  return Fail("its input is {} and its weights are {}, allowed: both float32 or both int8",
              TypeText(x), TypeText(w));
}

Expected<void> SetLayer(Items& items, const Lowering& to, int channel_axis) {
  const TensorInfo& weights = to.In(1);
  BW_TRY(SetAffine(items, "input", to.In(0)));
  BW_TRY(SetAffine(items, "output", to.Out()));
  if (!weights.affine) return Fail("weights '{}' have no scale, one is needed", weights.name);
  const Affine& affine = *weights.affine;
  if (affine.scales.size() > 1 && affine.axis != channel_axis) {
    return Fail("weights '{}' have scales along axis {}, allowed is {}", weights.name, affine.axis,
                channel_axis);
  }
  if (std::any_of(affine.zeros.begin(), affine.zeros.end(),
                  [](std::int64_t z) { return z != 0; })) {
    return Fail("weights '{}' have a zero point other than 0, int8 weights have 0", weights.name);
  }
  items["weight_scales"] = affine.scales;
  return {};
}

Expected<std::vector<ValueId>> FileInputs(Lowering& to) {
  std::vector<ValueId> from;
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    ValueId value = kNoValue;
    if (to.Has(i)) {
      BW_ASSIGN(value, to.Value(i, Form::kFile));
    }
    from.push_back(value);
  }
  return from;
}

}  // namespace bw::tflite
