#pragma once
// Real numbers to codes, as ops/tflite_quantize.cc has it.

#include <cstddef>
#include <cstdint>

#include "bitwright/tensor/tensor.h"

namespace bw::kernels {

struct CodeScale {
  float scale;
  std::int32_t zero, low;  // low: the least code of 256
};

// y: int8 or uint8. round(x / scale) + zero in float32, ties away from zero, saturated; NaN is 0.
void RoundToCodes(const float* x, const CodeScale& codes, DType dtype, void* y, std::size_t count);

}  // namespace bw::kernels
