#pragma once
// The sums behind errors, in a fixed order: element i goes to partial sum i % 8 on every
// instruction set.

#include <span>

namespace bw {

// Sum of w (a - b)^2 over the elements whose a is finite, in double. b has as many elements as a;
// so has w, or is nullptr for weights of 1.
double SumSquaredDifferences(std::span<const float> a, const float* b, const float* w);

}  // namespace bw
