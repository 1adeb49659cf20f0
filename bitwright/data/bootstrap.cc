#include "bitwright/data/bootstrap.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "bitwright/base/check.h"
#include "bitwright/base/rng.h"

namespace bw {
namespace {

constexpr std::size_t kFewestResamples = 2000, kMostGroups = 200;
// The tail that a limit stands in holds at least so many resamples.
constexpr double kTailResamples = 50;

double NormalCdf(double z) { return boost::math::cdf(boost::math::normal(), z); }
double NormalQuantile(double p) { return boost::math::quantile(boost::math::normal(), p); }

// The drop over a multiset of samples.
class Drops {
 public:
  explicit Drops(const PairedScores& scores) : scores_(scores) {}
  std::size_t size() const {
    return scores_.before.size() / static_cast<std::size_t>(scores_.metric.columns);
  }
  double Of(const std::vector<std::size_t>& samples) {
    labels_.clear();
    before_.clear();
    after_.clear();
    const auto columns = static_cast<std::size_t>(scores_.metric.columns);
    for (const std::size_t i : samples) {
      if (!scores_.labels.empty()) labels_.push_back(scores_.labels[i]);
      for (std::size_t c = i * columns; c < (i + 1) * columns; ++c) {
        before_.push_back(scores_.before[c]);
        after_.push_back(scores_.after[c]);
      }
    }
    return scores_.metric.finish(before_, labels_) - scores_.metric.finish(after_, labels_);
  }

 private:
  const PairedScores& scores_;
  std::vector<double> before_, after_;
  std::vector<std::int64_t> labels_;
};

std::vector<double> Resample(Drops& drops, std::size_t count, std::uint64_t seed) {
  std::vector<double> replicates;
  std::vector<std::size_t> drawn(drops.size());
  Rng rng(seed);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t& i : drawn) i = static_cast<std::size_t>(rng.Below(drops.size()));
    replicates.push_back(drops.Of(drawn));
  }
  std::sort(replicates.begin(), replicates.end());
  return replicates;
}

// A sixth of the skewness of the jackknife's influences; sample i is in group i % groups.
double Acceleration(Drops& drops) {
  const std::size_t groups = std::min(kMostGroups, drops.size());
  std::vector<double> without;
  double mean = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < drops.size(); ++i) {
      if (i % groups != g) kept.push_back(i);
    }
    without.push_back(kept.empty() ? 0 : drops.Of(kept));
    mean += without.back() / static_cast<double>(groups);
  }
  double squares = 0, cubes = 0;
  for (const double drop : without) {
    squares += std::pow(mean - drop, 2);
    cubes += std::pow(mean - drop, 3);
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

}  // namespace

DropLimits BootstrapDrop(const PairedScores& scores, double confidence, std::uint64_t seed) {
  BW_CHECK(confidence > 0.5 && confidence < 1 && scores.before.size() == scores.after.size());
  Drops drops(scores);
  BW_CHECK(drops.size() > 0);
  std::vector<std::size_t> all(drops.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const double drop = drops.Of(all), acceleration = Acceleration(drops);
  const auto count = std::max(
      kFewestResamples, static_cast<std::size_t>(std::ceil(kTailResamples / (1 - confidence))));
  const std::vector<double> replicates = Resample(drops, count, seed);
  const auto [low, high] = std::equal_range(replicates.begin(), replicates.end(), drop);
  // Equal ones count half; never 0 or 1, whose quantiles are infinite.
  const double below =
      static_cast<double>((low - replicates.begin()) + (high - replicates.begin()) + 1) /
      static_cast<double>(2 * count + 2);
  const double bias = NormalQuantile(below);
  const auto limit = [&](double probability) {
    const double z = bias + NormalQuantile(probability);
    const double share = NormalCdf(bias + z / (1 - acceleration * z));
    const double rank = probability > 0.5 ? std::ceil(share * static_cast<double>(count))
                                          : std::floor(share * static_cast<double>(count));
    return replicates[static_cast<std::size_t>(
        std::clamp(rank, 0.0, static_cast<double>(count - 1)))];
  };
  return {{limit((1 - confidence) / 2), limit((1 + confidence) / 2)}, limit(confidence)};
}

}  // namespace bw
