// Share of samples whose largest output is the label's; among equal outputs the lowest index
// counts.

#include "bitwright/data/metric.h"
#include "bitwright/data/scores.h"

namespace bw::metrics {
namespace {

void Score(const MetricBatch& batch, std::vector<double>& scores) { AppendTopK(batch, 1, scores); }

}  // namespace

BW_ENTRY(Metric, top1) = {.name = "top1",
                          .summary = "share of samples whose largest output is the label's",
                          .needs_labels = true,
                          .needs_reference = false,
                          .compares_input = false,
                          .is_percent = true,
                          .columns = 1,
                          .score = Score,
                          .finish = MeanOfScores};

}  // namespace bw::metrics
