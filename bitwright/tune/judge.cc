#include "bitwright/tune/judge.h"

#include <algorithm>

namespace bw {

double UnseenDrop(const Metric& metric, double counted, const Evaluation& evaluation) {
  if (!metric.is_percent) return counted;
  return std::max(evaluation.expected_drop, (evaluation.expected_drop + counted) / 2);
}

Verdict Judge(const Evaluator& evaluator, const Evaluation& evaluation, const TuneOptions& options,
              Fidelity fidelity) {
  const Metric& metric = evaluator.metric();
  const Evaluation& before = evaluator.float_result();
  const double drop = Drop(before, evaluation);
  double slack = options.max_drop - UnseenDrop(metric, drop, evaluation);
  if (fidelity == Fidelity::kCheap)
    return {slack >= 0 && drop <= options.max_drop, slack, evaluation.divergence};
  const double margin = options.margin.value_or(metric.is_percent ? 1.0 : 4.0);
  slack -= margin * DropStandardError(metric, evaluator.data(), before, evaluation);
  return {slack >= 0 && drop <= options.max_drop, slack, evaluation.divergence};
}

}  // namespace bw
