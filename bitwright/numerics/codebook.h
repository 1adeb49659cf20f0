#pragma once
// One-dimensional weighted k-means, solved exactly.

#include <cstddef>
#include <span>
#include <vector>

namespace bw {

// The at most k values, ascending, that minimise the sum of weight * (value - nearest of them)^2;
// fewer than k where there are fewer distinct values of positive weight. Exact, by dynamic
// programming over the sorted values, up to kMostCodebookPoints distinct values; more are first
// gathered into at most that many neighbourhoods (of equal count and of equal width, whichever is
// finer), each represented by its weighted mean. The same inputs give the same codebook. Values and
// weights are finite, weights not negative, not all 0 and as many as values; k >= 1. Zero is a
// value only where that is optimal.
inline constexpr std::size_t kMostCodebookPoints = 4096;
std::vector<double> OptimalCodebook(std::span<const float> values, std::span<const float> weights,
                                    std::size_t k);

}  // namespace bw
