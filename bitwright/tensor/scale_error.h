#pragma once
// What a scale costs: the hot loop of scale search.

#include <cstdint>
#include <span>

#include "bitwright/numerics/format.h"

namespace bw {

// Sum of (x - FakeQuantize(x))^2 over finite x under one positive finite scale, differences and sum
// in double. The summation order is fixed: the result depends on nothing but the arguments.
double SquaredError(std::span<const float> x, const Format& element, float scale);

// errors[i] = SquaredError(x, element, scales[i]), reading x once. Both spans have one size. For
// formats of at most 8 bits, from kManyElements elements and kManyScales scales on, the errors are
// those of error_buckets.h, each within 2^-44 (error + sum x^2) of the exact sum; else they have
// the bits of SquaredError.
void SquaredErrors(std::span<const float> x, const Format& element, std::span<const float> scales,
                   std::span<double> errors);
constexpr std::size_t kManyElements = std::size_t{1} << 17;
constexpr std::size_t kManyScales = 12;

// The same with a weight for each element (as many as x, finite, not negative; empty: all 1) and,
// for integer elements, a zero point for each scale (empty: symmetric).
struct ErrorTerms {
  std::span<const float> x;
  std::span<const float> weights;
};
void SquaredErrors(const ErrorTerms& terms, const Format& element, std::span<const float> scales,
                   std::span<const std::int32_t> zeros, std::span<double> errors);

// The nearest positive value of the scale format: what lies below half its least positive value (0,
// negative and NaN too) becomes that least value, what lies above its range becomes the greatest.
float RoundScale(double scale, const Format& scale_format);

}  // namespace bw
