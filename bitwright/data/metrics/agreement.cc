// Share of samples whose largest output is the same as the float network's; needs no labels.

#include "bitwright/data/metric.h"
#include "bitwright/data/scores.h"

namespace bw::metrics {
namespace {

void Score(const MetricBatch& batch, std::vector<double>& scores) {
  const std::size_t samples = SampleCount(batch);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t got = ArgMax(SampleOf(batch.output, i, samples));
    scores.push_back(got == ArgMax(SampleOf(batch.reference, i, samples)) ? 1.0 : 0.0);
  }
}

}  // namespace

BW_ENTRY(Metric, agreement) = {
    .name = "agreement",
    .summary = "share of samples whose largest output is the same as the float network's",
    .needs_labels = false,
    .needs_reference = true,
    .compares_input = false,
    .is_percent = true,
    .columns = 1,
    .score = Score,
    .finish = MeanOfScores};

}  // namespace bw::metrics
