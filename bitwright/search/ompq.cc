#include "bitwright/search/ompq.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bw {

std::vector<double> OmpqImportance(const std::vector<double>& gamma, double beta) {
  if (gamma.empty()) return {};
  const double least = *std::min_element(gamma.begin(), gamma.end());
  std::vector<double> importance(gamma.size());
  double sum = 0;
  for (std::size_t i = gamma.size(); i-- > 0;) {
    sum += std::exp(-beta * (gamma[i] - least));
    importance[i] = sum / static_cast<double>(gamma.size() - i);
  }
  return importance;
}

std::vector<double> OmpqBits(const std::vector<double>& importance,
                             const std::vector<double>& elements, double low, double high,
                             double budget) {
  std::vector<double> bits(importance.size(), low);
  std::vector<std::size_t> order(importance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return importance[a] * elements[b] > importance[b] * elements[a];
  });
  double left = budget - low * std::accumulate(elements.begin(), elements.end(), 0.0);
  for (const std::size_t i : order) {
    const double more = std::clamp(left / elements[i], 0.0, high - low);
    bits[i] += more;
    left -= more * elements[i];
  }
  return bits;
}

}  // namespace bw
