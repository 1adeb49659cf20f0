// Signal to quantization noise of the outputs: 10 log10(sum ref^2 / sum (ref - out)^2) dB over all
// samples; infinite without noise. The two columns are the two sums of a sample.

#include <cmath>
#include <limits>

#include "bitwright/data/metric.h"
#include "bitwright/data/scores.h"

namespace bw::metrics {
namespace {

void Score(const MetricBatch& batch, std::vector<double>& scores) {
  const std::size_t samples = SampleCount(batch);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::span<const float> output = SampleOf(batch.output, i, samples);
    const std::span<const float> reference = SampleOf(batch.reference, i, samples);
    BW_CHECK(output.size() == reference.size());
    double signal = 0;
    double noise = 0;
    for (std::size_t j = 0; j < output.size(); ++j) {
      const double wanted = reference[j];
      const double error = wanted - static_cast<double>(output[j]);
      signal += wanted * wanted;
      noise += error * error;
    }
    scores.insert(scores.end(), {signal, noise});
  }
}

double Decibels(std::span<const double> scores, std::span<const std::int64_t>) {
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i + 1 < scores.size(); i += 2) {
    signal += scores[i];
    noise += scores[i + 1];
  }
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10.0 * std::log10(signal / noise);
}

}  // namespace

BW_ENTRY(Metric, sqnr) = {
    .name = "sqnr",
    .summary = "signal to quantization noise of the outputs against the float network's, in dB",
    .needs_labels = false,
    .needs_reference = true,
    .compares_input = false,
    .is_percent = false,
    .columns = 2,
    .score = Score,
    .finish = Decibels};

}  // namespace bw::metrics
