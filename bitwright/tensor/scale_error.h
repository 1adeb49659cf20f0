#pragma once
// What a scale costs: the hot loop of scale search.

#include <span>

#include "bitwright/numerics/format.h"

namespace bw {

// Sum of (x - FakeQuantize(x))^2 over finite x under one positive finite scale, differences and sum
// in double. The summation order is fixed: the result depends on nothing but the arguments.
double SquaredError(std::span<const float> x, const Format& element, float scale);

// errors[i] = SquaredError(x, element, scales[i]), reading x once. Both spans have one size.
void SquaredErrors(std::span<const float> x, const Format& element, std::span<const float> scales,
                   std::span<double> errors);

// The nearest positive value of the scale format: what lies below half its least positive value (0,
// negative and NaN too) becomes that least value, what lies above its range becomes the greatest.
float RoundScale(double scale, const Format& scale_format);

}  // namespace bw
