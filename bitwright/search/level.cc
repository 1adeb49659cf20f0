#include "bitwright/search/level.h"

namespace bw {

Expected<void> BisectLevel(Problem& problem,
                           const std::function<Expected<Assignment>(double level)>& make,
                           int steps) {
  double good = 0, bad = 1;
  for (const double end : {0.0, 1.0}) {
    BW_ASSIGN(const Assignment assignment, make(end));
    BW_ASSIGN(const auto verdict, problem.Evaluate(assignment, Fidelity::kFull));
    if (!verdict || verdict->feasible == (end == 1.0)) return {};
  }
  for (int step = 0; step < steps && !problem.exhausted(); ++step) {
    const double middle = (good + bad) / 2;
    BW_ASSIGN(const Assignment assignment, make(middle));
    BW_ASSIGN(const auto verdict, problem.Evaluate(assignment, Fidelity::kFull));
    if (!verdict) break;
    (verdict->feasible ? good : bad) = middle;
  }
  return {};
}

Expected<void> BisectSequence(Problem& problem, const std::vector<Assignment>& sequence) {
  const auto last = static_cast<double>(sequence.size() - 1);
  const auto at = [&](double level) -> Expected<Assignment> {
    return sequence[static_cast<std::size_t>(level * last + 0.5)];
  };
  return BisectLevel(problem, at);
}

}  // namespace bw
