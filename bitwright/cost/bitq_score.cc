#include "bitwright/cost/bitq_score.h"

#include <algorithm>

namespace bw {

std::vector<double> BitqScores(std::span<const BitqConfiguration> configurations, double lambda) {
  double most = 0;
  for (const BitqConfiguration& one : configurations) most = std::max(most, one.moved_bits);
  std::vector<double> scores;
  for (const BitqConfiguration& one : configurations) {
    const double share = most > 0 ? one.moved_bits / most : 0;
    scores.push_back((1 - one.accuracy) + lambda * share);
  }
  return scores;
}

}  // namespace bw
