// Share of samples whose label is among the five largest outputs; among equal outputs the lower
// index comes first.

#include "bitwright/data/metric.h"
#include "bitwright/data/scores.h"

namespace bw::metrics {
namespace {

void Score(const MetricBatch& batch, std::vector<double>& scores) { AppendTopK(batch, 5, scores); }

}  // namespace

BW_ENTRY(Metric, top5) = {
    .name = "top5",
    .summary = "share of samples whose label is among the five largest outputs",
    .needs_labels = true,
    .needs_reference = false,
    .compares_input = false,
    .is_percent = true,
    .columns = 1,
    .score = Score,
    .finish = MeanOfScores};

}  // namespace bw::metrics
