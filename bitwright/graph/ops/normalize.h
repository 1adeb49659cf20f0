#pragma once
// Normalising runs of elements to mean 0 and variance 1, in double.

#include <cmath>

#include "bitwright/graph/checks.h"

namespace bw::ops {

struct Moments {
  double mean = 0, inverse = 0;  // of x, and 1 / sqrt(variance + epsilon)
};

// at(i) for i < count.
template <typename At>
Moments MomentsOf(std::int64_t count, double epsilon, At at) {
  double sum = 0, squares = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(at(i));
  const double mean = count == 0 ? 0 : sum / static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const double away = static_cast<double>(at(i)) - mean;
    squares += away * away;
  }
  const double variance = count == 0 ? 0 : squares / static_cast<double>(count);
  return {mean, 1 / std::sqrt(variance + epsilon)};
}

}  // namespace bw::ops
