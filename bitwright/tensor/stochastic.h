#pragma once
// Stochastic rounding: to one of the two neighbours of a ratio, so that the mean is the ratio.

#include "bitwright/tensor/qtensor.h"

namespace bw {

// Between neighbours v0 <= y <= v1 of the element's values the ratio y = x / scale (in double) goes
// to v1 with probability (y - v0) / (v1 - v0): when the 53-bit number that RandomBits(seed, i)
// gives element i of the tensor lies below it. What is a value stays; beyond the greatest and least
// value saturates; NaN is treated as by Quantize. Asymmetric: neighbouring integers, then the zero
// point is added and the sum clamped. The outcome depends on nothing but the arguments. Errors as
// those of Quantize; fp32 elements are refused.
Expected<QTensor> QuantizeStochastic(ConstTensorRef values, const QuantSpec& spec,
                                     const QuantParams& params, std::uint64_t seed);

// Dequantize(QuantizeStochastic(x)) without codes, in place; the same floats bit for bit.
Expected<void> FakeQuantizeStochastic(std::span<float> values, const Grouping& grouping,
                                      const QuantSpec& spec, const QuantParams& params,
                                      std::uint64_t seed);

}  // namespace bw
