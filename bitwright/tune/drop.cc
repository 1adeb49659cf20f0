#include <algorithm>
#include <cmath>
#include <map>

#include "bitwright/tune/tune.h"

namespace bw {
namespace {

constexpr std::size_t kGroups = 50;

// The metric over all samples but those of one group (sample i is in group i % kGroups).
double WithoutGroup(const Metric& metric, const Dataset& data, const std::vector<double>& scores,
                    std::size_t group) {
  const auto columns = static_cast<std::size_t>(metric.columns);
  std::vector<double> kept;
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (i % kGroups == group) continue;
    kept.insert(kept.end(), scores.begin() + static_cast<std::ptrdiff_t>(i * columns),
                scores.begin() + static_cast<std::ptrdiff_t>((i + 1) * columns));
    if (data.has_labels()) labels.push_back(data.label(i));
  }
  return metric.finish(kept, labels);
}

}  // namespace

double Drop(const Evaluation& before, const Evaluation& after) {
  return before.value - after.value;
}

double DropStandardError(const Metric& metric, const Dataset& data, const Evaluation& before,
                         const Evaluation& after) {
  const std::size_t groups = std::min(kGroups, data.size());
  if (groups < 2) return 0;
  std::vector<double> drops(groups);
  double mean = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    drops[g] =
        WithoutGroup(metric, data, before.scores, g) - WithoutGroup(metric, data, after.scores, g);
    mean += drops[g] / static_cast<double>(groups);
  }
  double sum = 0;
  for (const double drop : drops) sum += (drop - mean) * (drop - mean);
  return std::sqrt(sum * static_cast<double>(groups - 1) / static_cast<double>(groups));
}

Expected<void> CheckPlausible(const Evaluation& evaluation, const Metric& metric,
                              const Dataset& data) {
  if (!metric.needs_labels) return {};
  double guessing = 0.5;
  if (metric.is_percent) {
    std::map<std::int64_t, double> counts;
    for (std::size_t i = 0; i < data.size(); ++i) ++counts[data.label(i)];
    double most = 0;
    for (const auto& [unused, count] : counts) most = std::max(most, count);
    guessing = most / static_cast<double>(data.size());
  }
  if (evaluation.value > guessing * 1.1 + (metric.is_percent ? 0.0 : 0.02)) return {};
  return Fail(
      "{}: the float network's {} is {:.4f} on {} samples, guessing gives {:.4f}; check the "
      "preprocessing (scale, mean, "
      "std, colour order, layout) and the labels, or go on with --force",
      data.origin(), metric.name, evaluation.value, evaluation.images, guessing);
}

}  // namespace bw
