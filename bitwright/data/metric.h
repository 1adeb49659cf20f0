#pragma once
// What accuracy means: one file in data/metrics/ for each measure.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/registry.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// What a metric sees of one batch: the network's inputs and outputs ([rows, ...]), the float
// network's outputs on the same rows (null data where not computed), labels by sample (empty
// without), and rows per sample.
struct MetricBatch {
  ConstTensorRef input, output, reference;
  std::span<const std::int64_t> labels;
  std::int64_t rows_per_sample = 1;
};

// One score for each sample, in order; metrics that are not means of scores (AUC, SQNR) combine
// them in `finish`.
struct Metric {
  std::string_view name;  // "top1"
  std::string_view summary;
  bool needs_labels = false;
  bool needs_reference = false;
  bool compares_input = false;  // each output row must have its input row's element count
  bool is_percent = false;      // shown as a percentage; drops are in points
  // Appends `columns` numbers for each sample of the batch.
  int columns = 1;
  void (*score)(const MetricBatch& batch, std::vector<double>& scores) = nullptr;
  // The metric's value from all the samples' numbers (row-major, `columns` each) and labels. Higher
  // is better. In natural units: top1 in [0, 1], AUC in [0, 1], SQNR in dB.
  double (*finish)(std::span<const double> scores, std::span<const std::int64_t> labels) = nullptr;
};

namespace metrics {
std::span<const Metric* const> All();
}
const Metric* FindMetric(std::string_view name);
// The metric of samples without labels under which outputs diverge in the same way as under this
// one: agreement, or of auc and sqnr sqnr.
const Metric& WithoutLabels(std::string_view name);

// Refuses a batch that the metric cannot score: labels or reference missing, labels beyond the
// outputs of a class metric, outputs unlike the inputs. Call it once, on the first batch; `where`
// names the data. `classes` is the data's.
Expected<void> CheckMetric(const Metric& metric, const MetricBatch& batch, std::int64_t classes,
                           const std::string& where);

}  // namespace bw
