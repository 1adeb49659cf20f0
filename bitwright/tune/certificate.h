#pragma once
// What may be said of a plan's accuracy on samples that nobody has seen.

#include <optional>
#include <string>

#include "bitwright/data/contents.h"
#include "bitwright/data/paired.h"
#include "bitwright/quant/evaluate.h"
#include "bitwright/tune/tune.h"

namespace bw {

// The drop of a metric over the same samples before and after, with its confidence limits.
struct Certificate {
  double confidence = 0.95;
  std::size_t samples = 0;
  double drop = 0;
  Interval interval;       // two-sided, at the confidence
  double upper_limit = 0;  // one-sided, at the confidence
  // Samples lost and won, where the metric is a share of samples: the limits are exact. Otherwise
  // they are the bootstrap's.
  std::optional<PairedCounts> counts;
  std::optional<double> max_drop;

  bool certified() const { return max_drop && upper_limit <= *max_drop; }
};

// The two evaluations are of the same samples in the same order. None where a value is not finite
// (the SQNR of the float network itself).
std::optional<Certificate> MakeCertificate(const Metric& metric, const Dataset& data,
                                           const Evaluation& before, const Evaluation& after,
                                           double confidence, std::optional<double> max_drop);

// The upper limit alone.
double UpperDrop(const Metric& metric, const Dataset& data, const Evaluation& before,
                 const Evaluation& after, double confidence);

// What the splits hold, and proof that they are disjoint.
struct SplitContents {
  ContentHash calibration, search, test;
  // Samples whose contents also stand in an earlier split: repeats in the user's data.
  std::size_t search_in_calibration = 0, test_in_others = 0;
};
Expected<SplitContents> ReadContents(const TuneData& data, int threads);

// Refuses a confidence that no plan can reach, before the search: too few samples in the search or
// the test split (with not one answer changed the limit is above max_drop; other metrics: fewer
// than 1 / (1 - confidence)), or test samples that other splits hold too.
Expected<void> CheckConfidence(const TuneData& data, const SplitContents& contents,
                               const Metric& metric, double max_drop, double confidence);

}  // namespace bw
