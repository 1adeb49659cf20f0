#include "bitwright/data/metric.h"

namespace bw {

const Metric* FindMetric(std::string_view name) {
  for (const Metric* metric : metrics::All()) {
    if (metric->name == name) return metric;
  }
  return nullptr;
}

const Metric& WithoutLabels(std::string_view name) {
  return *FindMetric(name == "auc" || name == "sqnr" ? "sqnr" : "agreement");
}

Expected<void> CheckMetric(const Metric& metric, const MetricBatch& batch, std::int64_t classes,
                           const std::string& where) {
  if (metric.needs_labels && batch.labels.empty()) {
    return Fail(
        "{}: metric '{}' needs labels, none are given, one for each sample is needed; use "
        "--labels, or a metric "
        "without them such as 'agreement'",
        where, metric.name);
  }
  BW_CHECK(!metric.needs_reference || batch.reference.data != nullptr);
  if (metric.compares_input && batch.input.size() != batch.output.size()) {
    return Fail("{}: metric '{}' compares outputs with inputs, {} and {}, equal sizes are needed",
                where, metric.name, ShapeText(batch.output.shape), ShapeText(batch.input.shape));
  }
  if (!metric.needs_labels || metric.compares_input) return {};
  const std::int64_t outputs = batch.output.size() / static_cast<std::int64_t>(batch.labels.size());
  if (classes > outputs) {
    return Fail(
        "{}: labels go up to {} but the network has {} outputs, labels from 0 to {} are allowed",
        where, classes - 1, outputs, outputs - 1);
  }
  return {};
}

}  // namespace bw
