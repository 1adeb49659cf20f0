#include "bitwright/data/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

double Mean(std::span<const double> scores, std::span<const std::int64_t>) {
  double sum = 0;
  for (const double score : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}
Metric MetricOf(int columns, decltype(Metric::finish) finish) {
  Metric metric;
  metric.columns = columns;
  metric.finish = finish;
  return metric;
}
const Metric kMean = MetricOf(1, Mean);

// Paired draws whose true drop is 0.5; the pairs differ by much less than the samples do.
struct Draws {
  std::vector<double> before, after;
  Draws(std::size_t n, std::uint64_t seed) {
    Rng rng(seed);
    for (std::size_t i = 0; i < n; ++i) {
      before.push_back(10 * rng.Normal());
      after.push_back(before.back() - 0.5 + rng.Normal());
    }
  }
  PairedScores scores(const Metric& metric = kMean) const { return {metric, {}, before, after}; }
};

// 400 experiments: the share of limits that hold lies within 3 standard errors of the confidence.
TEST(BootstrapDrop, CoversTheTrueDropAsOftenAsItSays) {
  int below = 0, inside = 0;
  constexpr int kExperiments = 400;
  for (int e = 0; e < kExperiments; ++e) {
    const Draws draws(50, static_cast<std::uint64_t>(e) + 1);
    const DropLimits limits = BootstrapDrop(draws.scores(), 0.9, 7);
    below += 0.5 <= limits.upper ? 1 : 0;
    inside += limits.interval.low <= 0.5 && 0.5 <= limits.interval.high ? 1 : 0;
  }
  const double error = 3 * std::sqrt(0.9 * 0.1 / kExperiments);
  EXPECT_NEAR(below / static_cast<double>(kExperiments), 0.9, error);
  EXPECT_NEAR(inside / static_cast<double>(kExperiments), 0.9, error);
}

// For a mean of normal differences the limit is known: mean + 1.645 s / sqrt(n).
TEST(BootstrapDrop, PairsTheSamples) {
  const Draws draws(1000, 3);
  double mean = 0, squares = 0;
  for (std::size_t i = 0; i < 1000; ++i) mean += (draws.before[i] - draws.after[i]) / 1000;
  for (std::size_t i = 0; i < 1000; ++i)
    squares += std::pow(draws.before[i] - draws.after[i] - mean, 2) / 999;
  const DropLimits limits = BootstrapDrop(draws.scores(), 0.95, 7);
  const double error = std::sqrt(squares / 1000);
  EXPECT_NEAR(limits.upper, mean + 1.645 * error, 0.15 * error);
  EXPECT_NEAR(limits.interval.low, mean - 1.96 * error, 0.2 * error);
  EXPECT_NEAR(limits.interval.high, mean + 1.96 * error, 0.2 * error);
}

TEST(BootstrapDrop, KeepsTheColumnsAndLabelsOfASampleTogether) {
  const auto finish = [](std::span<const double> scores, std::span<const std::int64_t> labels) {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      // Broken pairs would show as a difference.
      sum += std::abs(scores[2 * i] - static_cast<double>(labels[i])) +
             std::abs(scores[2 * i + 1] + static_cast<double>(labels[i]));
    }
    return sum;
  };
  const Metric metric = MetricOf(2, finish);
  const std::vector<std::int64_t> labels = {1, 2, 3, 4};
  const std::vector<double> scores = {1, -1, 2, -2, 3, -3, 4, -4};
  const DropLimits limits = BootstrapDrop({metric, labels, scores, scores}, 0.95, 1);
  EXPECT_EQ(limits.upper, 0);
  EXPECT_EQ(limits.interval.low, 0);
}

TEST(BootstrapDrop, TheSameSeedGivesTheSameLimits) {
  const Draws draws(60, 5);
  const DropLimits one = BootstrapDrop(draws.scores(), 0.95, 7);
  const DropLimits two = BootstrapDrop(draws.scores(), 0.95, 7);
  const DropLimits other = BootstrapDrop(draws.scores(), 0.95, 8);
  EXPECT_EQ(one.upper, two.upper);
  EXPECT_EQ(one.interval.low, two.interval.low);
  EXPECT_NE(one.interval.low, other.interval.low);
}

}  // namespace
}  // namespace bw
