#pragma once
// How BitQ chooses among configurations of a network (arXiv 2409.17093; the authors' code).

#include <span>
#include <vector>

namespace bw {

struct BitqConfiguration {
  double accuracy = 0;    // fraction
  double moved_bits = 0;  // of all steps between memories
};

inline constexpr double kBitqLambda = 0.2;

// (100 - accuracy in percent) / 100 + lambda * moved / the most moved by any of them; the least
// score is the choice.
std::vector<double> BitqScores(std::span<const BitqConfiguration> configurations,
                               double lambda = kBitqLambda);

}  // namespace bw
