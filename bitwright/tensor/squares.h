#pragma once
// The sums behind errors, in a fixed order: element i goes to partial sum i % 8 on every
// instruction set.

#include <cstdint>
#include <span>
#include <vector>

namespace bw {

// Sum of w (a - b)^2 over the elements whose a is finite, in double. b has as many elements as a;
// so has w, or is nullptr for weights of 1.
double SumSquaredDifferences(std::span<const float> a, const float* b, const float* w);

// Moments of weighted values about a middle: the sums of w, w (x - middle) and w (x - middle)^2.
struct Moments {
  double weight = 0, first = 0, second = 0;
};
Moments MomentsAbout(double middle, std::span<const float> x, const float* w);

// The same of many groups, side by side.
struct MomentsTable {
  std::vector<double> middle, weight, first, second;
};

// Sum over the groups i with low[i] == high[i] of w (x - low[i])^2, from the moments:
//   second + 2 (middle - low) first + (middle - low)^2 weight.
// Bit i % 64 of differ[i / 64] says of the others low[i] != high[i]; differ has a word for each 64
// groups begun.
double SumFromMoments(const MomentsTable& table, const float* low, const float* high,
                      std::span<std::uint64_t> differ);

}  // namespace bw
