#pragma once
// Functions of one 8-bit code, tabulated when the file is read, by the arithmetic of TensorFlow
// Lite's kernels.

#include <functional>

#include "bitwright/tflite/fused.h"

namespace bw::tflite {

// One scale and zero point each; `code` and the result are codes, the result saturated by the
// caller.
struct CodeScales {
  float in_scale, out_scale;
  std::int32_t in_zero, out_zero;
};
using CodeFunction = std::function<std::int64_t(const CodeScales&, std::int32_t code)>;

// The same real number at another scale (in integers, twice rounded), then an activation.
CodeFunction RescaleCodes(Fused fused);
// The same with negative numbers times alpha.
CodeFunction LeakyCodes(float alpha);
// round(f(scale * (code - zero)) * (1 / out_scale)) + out_zero in float32.
CodeFunction RoundedFunction(float (*f)(float));

// Emits the table of a function of the operator at hand, whose input and output are int8 or uint8.
Expected<void> LowerTable(Lowering& to, const CodeFunction& function);

}  // namespace bw::tflite
