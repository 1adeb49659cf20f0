#include "bitwright/quant/class_probabilities.h"

#include <algorithm>
#include <cmath>

namespace bw {

bool IsDistribution(std::span<const float> row) {
  double sum = 0;
  for (const float x : row) {
    if (x < 0) return false;
    sum += x;
  }
  return std::abs(sum - 1) < 1e-3;
}

void Normalize(std::vector<double>& logs) {
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double x : logs) sum += std::exp(x - top);
  for (double& x : logs) x -= top + std::log(sum);
}

std::vector<double> LogProbabilities(std::span<const float> row, bool distribution) {
  std::vector<double> logs(row.begin(), row.end());
  if (!distribution) {
    Normalize(logs);
    return logs;
  }
  for (double& x : logs) x = std::log(std::max(x, 1e-12));
  return logs;
}

}  // namespace bw
