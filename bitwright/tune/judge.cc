#include "bitwright/tune/judge.h"

#include <algorithm>
#include <cmath>

#include "bitwright/tune/certificate.h"

namespace bw {

namespace {

// Of what was counted and what is expected, the latter where that is more, else the mean.
double Believed(double counted, double expected) {
  return std::max(expected, (expected + counted) / 2);
}

double UnseenError(const Evaluator& evaluator, const Evaluation& evaluation) {
  const Metric& metric = evaluator.metric();
  const double counted =
      DropStandardError(metric, evaluator.data(), evaluator.float_result(), evaluation);
  if (!metric.is_percent) return counted;
  const auto samples = static_cast<double>(evaluator.data().size());
  return std::sqrt(Believed(counted * counted, evaluation.expected_variance / samples));
}

}  // namespace

double UnseenDrop(const Metric& metric, double counted, const Evaluation& evaluation) {
  return metric.is_percent ? Believed(counted, evaluation.expected_drop) : counted;
}

double CautiousDrop(const Evaluator& evaluator, const Evaluation& evaluation,
                    const TuneOptions& options) {
  const Metric& metric = evaluator.metric();
  const Evaluation& before = evaluator.float_result();
  if (options.confidence)
    return UpperDrop(metric, evaluator.data(), before, evaluation, *options.confidence);
  const double margin = options.margin.value_or(metric.is_percent ? 1.0 : 4.0);
  return UnseenDrop(metric, Drop(before, evaluation), evaluation) +
         margin * UnseenError(evaluator, evaluation);
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
