#include "bitwright/tune/judge.h"

#include <algorithm>

#include "bitwright/tune/certificate.h"

namespace bw {

double UnseenDrop(const Metric& metric, double counted, const Evaluation& evaluation) {
  if (!metric.is_percent) return counted;
  return std::max(evaluation.expected_drop, (evaluation.expected_drop + counted) / 2);
}

double CautiousDrop(const Evaluator& evaluator, const Evaluation& evaluation,
                    const TuneOptions& options) {
  const Metric& metric = evaluator.metric();
  const Evaluation& before = evaluator.float_result();
  if (options.confidence)
    return UpperDrop(metric, evaluator.data(), before, evaluation, *options.confidence);
  const double margin = options.margin.value_or(metric.is_percent ? 1.0 : 4.0);
  return UnseenDrop(metric, Drop(before, evaluation), evaluation) +
         margin * DropStandardError(metric, evaluator.data(), before, evaluation);
}

Verdict Judge(const Evaluator& evaluator, const Evaluation& evaluation, const TuneOptions& options,
              Fidelity fidelity) {
  const double drop = Drop(evaluator.float_result(), evaluation);
  const double cautious = fidelity == Fidelity::kCheap
                              ? UnseenDrop(evaluator.metric(), drop, evaluation)
                              : CautiousDrop(evaluator, evaluation, options);
  const double slack = options.max_drop - cautious;
  return {slack >= 0 && drop <= options.max_drop, slack, evaluation.divergence};
}

}  // namespace bw
