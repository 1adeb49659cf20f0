#include "bitwright/data/scores.h"

#include <cmath>
#include <limits>

namespace bw {
namespace {

// NaN sorts below everything.
float Rankable(float value) {
  return std::isnan(value) ? -std::numeric_limits<float>::infinity() : value;
}

// How many outputs come before the label's: larger ones, and equal ones of a lower index. A NaN
// label comes last.
std::size_t RankOf(std::span<const float> row, std::size_t label) {
  if (std::isnan(row[label])) return row.size();
  std::size_t before = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float value = Rankable(row[i]);
    if (value > row[label] || (value == row[label] && i < label)) ++before;
  }
  return before;
}

}  // namespace

std::size_t ArgMax(std::span<const float> row) {
  BW_CHECK(!row.empty());
  std::size_t best = 0;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] > row[best] || (std::isnan(row[best]) && !std::isnan(row[i]))) best = i;
  }
  return best;
}

std::size_t SampleCount(const MetricBatch& batch) {
  if (!batch.labels.empty()) return batch.labels.size();
  BW_CHECK(!batch.output.shape.empty() && batch.rows_per_sample > 0);
  return static_cast<std::size_t>(batch.output.shape[0] / batch.rows_per_sample);
}

std::span<const float> SampleOf(const ConstTensorRef& tensor, std::size_t sample,
                                std::size_t samples) {
  const std::span<const float> all = tensor.span<float>();
  BW_CHECK(samples > 0 && sample < samples && all.size() % samples == 0);
  const std::size_t each = all.size() / samples;
  return all.subspan(sample * each, each);
}

void AppendTopK(const MetricBatch& batch, std::size_t k, std::vector<double>& scores) {
  const std::size_t samples = batch.labels.size();
  for (std::size_t i = 0; i < samples; ++i) {
    const std::span<const float> row = SampleOf(batch.output, i, samples);
    const std::int64_t label = batch.labels[i];
    const bool known = label >= 0 && static_cast<std::size_t>(label) < row.size();
    scores.push_back(known && RankOf(row, static_cast<std::size_t>(label)) < k ? 1.0 : 0.0);
  }
}

double MeanOfScores(std::span<const double> scores, std::span<const std::int64_t>) {
  double sum = 0;
  for (const double score : scores) sum += score;
  return scores.empty() ? 0.0 : sum / static_cast<double>(scores.size());
}

}  // namespace bw
