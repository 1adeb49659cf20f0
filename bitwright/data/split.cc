#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "bitwright/base/rng.h"
#include "bitwright/data/dataset.h"

namespace bw {
namespace {

// Positions of each class in random order; one class when there are no labels.
std::map<std::int64_t, std::vector<std::size_t>> ShuffledClasses(const Dataset& data, Rng& rng) {
  std::map<std::int64_t, std::vector<std::size_t>> classes;
  for (std::size_t i = 0; i < data.size(); ++i)
    classes[data.has_labels() ? data.label(i) : 0].push_back(i);
  for (auto& [label, positions] : classes) rng.Shuffle(positions);
  return classes;
}

// All positions so ordered that every stretch of it holds the classes in proportion: the k-th of a
// class of n stands at (k + u) / n of the way, u random for the class.
std::vector<std::size_t> InterleavedOrder(const Dataset& data, Rng& rng) {
  std::vector<std::pair<double, std::size_t>> places;
  for (const auto& [label, positions] : ShuffledClasses(data, rng)) {
    const double offset = rng.Uniform();
    for (std::size_t k = 0; k < positions.size(); ++k) {
      places.emplace_back((static_cast<double>(k) + offset) / static_cast<double>(positions.size()),
                          positions[k]);
    }
  }
  std::sort(places.begin(), places.end());
  std::vector<std::size_t> order;
  for (const auto& [place, position] : places) order.push_back(position);
  return order;
}

}  // namespace

std::vector<Dataset> SplitDataset(const Dataset& data, std::span<const double> fractions,
                                  std::uint64_t seed) {
  BW_CHECK(std::accumulate(fractions.begin(), fractions.end(), 0.0) <= 1.0 + 1e-9);
  Rng rng(seed);
  const std::vector<std::size_t> order = InterleavedOrder(data, rng);
  std::vector<Dataset> parts;
  double fraction_before = 0;
  std::size_t begin = 0;
  for (const double fraction : fractions) {
    BW_CHECK(fraction >= 0);
    fraction_before += fraction;
    const double bound = std::round(fraction_before * static_cast<double>(order.size()));
    const std::size_t end = std::min(order.size(), static_cast<std::size_t>(bound));
    std::vector<std::size_t> part(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                  order.begin() + static_cast<std::ptrdiff_t>(end));
    rng.Shuffle(part);
    parts.push_back(data.Select(part));
    begin = end;
  }
  return parts;
}

}  // namespace bw
