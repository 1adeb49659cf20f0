#pragma once
// What several metrics share.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/data/metric.h"

namespace bw {

// Index of the largest value, the lowest among equals; NaN counts as less than every number. `row`
// is not empty.
std::size_t ArgMax(std::span<const float> row);

// Outputs of one sample: its rows' outputs, flat. The batch holds labels.size() samples, or without
// labels output.shape[0] / rows_per_sample.
std::size_t SampleCount(const MetricBatch& batch);
std::span<const float> SampleOf(const ConstTensorRef& tensor, std::size_t sample,
                                std::size_t samples);

// 1 for each sample whose label is among its k largest outputs (among equals the lower index comes
// first), else 0.
void AppendTopK(const MetricBatch& batch, std::size_t k, std::vector<double>& scores);

// Mean of all scores, 0 of none.
double MeanOfScores(std::span<const double> scores, std::span<const std::int64_t> labels);

}  // namespace bw
