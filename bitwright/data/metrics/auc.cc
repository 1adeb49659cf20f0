// Area under the ROC curve of an anomaly detector that reconstructs its input: a sample's score is
// the mean squared difference of input and output over its rows, label 1 is an anomaly. Equal
// scores share their mean rank (Mann-Whitney).

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bitwright/data/metric.h"
#include "bitwright/data/scores.h"

namespace bw::metrics {
namespace {

void Score(const MetricBatch& batch, std::vector<double>& scores) {
  const std::size_t samples = SampleCount(batch);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::span<const float> input = SampleOf(batch.input, i, samples);
    const std::span<const float> output = SampleOf(batch.output, i, samples);
    BW_CHECK(input.size() == output.size());
    double sum = 0;
    for (std::size_t j = 0; j < input.size(); ++j) {
      const double error = static_cast<double>(input[j]) - static_cast<double>(output[j]);
      sum += error * error;
    }
    scores.push_back(sum / static_cast<double>(input.size()));
  }
}

// NaN scores count as the largest, so that the order is total.
bool Before(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

// (sum of the anomalies' ranks - p (p + 1) / 2) / (p n) for p anomalies and n others; 0.5 when one
// kind is missing.
double AreaUnderCurve(std::span<const double> scores, std::span<const std::int64_t> labels) {
  BW_CHECK(scores.size() == labels.size());
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return Before(scores[a], scores[b]); });
  double ranks = 0;
  double anomalies = 0;
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    for (end = first; end < order.size() && !Before(scores[order[first]], scores[order[end]]);)
      ++end;
    const double mean_rank = static_cast<double>(first + 1 + end) / 2;
    for (std::size_t i = first; i < end; ++i) {
      if (labels[order[i]] != 1) continue;
      ranks += mean_rank;
      ++anomalies;
    }
  }
  const double others = static_cast<double>(scores.size()) - anomalies;
  if (anomalies == 0 || others == 0) return 0.5;
  return (ranks - anomalies * (anomalies + 1) / 2) / (anomalies * others);
}

}  // namespace

BW_ENTRY(Metric, auc) = {
    .name = "auc",
    .summary = "area under the ROC curve of the reconstruction error, label 1 is an anomaly",
    .needs_labels = true,
    .needs_reference = false,
    .compares_input = true,
    .is_percent = false,
    .columns = 1,
    .score = Score,
    .finish = AreaUnderCurve};

}  // namespace bw::metrics
