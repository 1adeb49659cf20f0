#pragma once
// Limits for the drop of a metric that is no share of right answers (AUC, SQNR), by resampling.

#include <cstdint>
#include <span>

#include "bitwright/data/metric.h"
#include "bitwright/data/paired.h"

namespace bw {

// The same samples scored twice: `metric.columns` numbers for each, as the metric made them.
struct PairedScores {
  const Metric& metric;
  std::span<const std::int64_t> labels;  // empty where there are none
  std::span<const double> before, after;
};

struct DropLimits {
  Interval interval;  // two-sided, at the confidence
  double upper = 0;   // one-sided, at the confidence
};

// Samples are drawn with replacement, each with both of its scores; limits are the BCa percentiles
// (Efron, JASA 82:171, 1987; acceleration by the jackknife over at most 200 groups). Approximate:
// the coverage is right up to O(1 / samples). The same seed gives the same limits.
DropLimits BootstrapDrop(const PairedScores& scores, double confidence, std::uint64_t seed);

}  // namespace bw
