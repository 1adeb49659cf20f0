#include "bitwright/search/proposals.h"

#include <algorithm>

#include "bitwright/search/predict.h"

namespace bw {
namespace {

constexpr double kLeastStretch = 1.005;
constexpr double kShrink = 0.7, kGrow = 1.05;
constexpr double kMistrust = 1.4;  // of the added losses of a proposal that was refused

}  // namespace

Expected<void> Proposals::Run(double stretch) {
  const double first = stretch;
  while (!problem_.exhausted() && stretch > kLeastStretch) {
    const MeasuredAssignment best = *problem_.best();
    const std::vector<PathPoint> path = MakePath(problem_.space(), losses_, problem_.demand());
    const double bound = SummedLoss(losses_, best.assignment) * stretch;
    const Assignment next = SolveWithin(problem_.space(), losses_, problem_.demand(), path, bound);
    const bool better = problem_.Objective(next) < best.objective &&
                        Keeps(problem_.demand(), Totals(problem_.space(), next));
    if (!better || !proposed_.insert(next).second) {
      if (stretch >= first) return {};
      stretch = std::min(stretch * kGrow, first);
      continue;
    }
    BW_ASSIGN(const auto verdict, problem_.Evaluate(next, Fidelity::kFull));
    if (verdict && verdict->feasible) continue;
    Mistrust(best.assignment, next);
    stretch = 1 + (stretch - 1) * kShrink;
  }
  return {};
}

void Proposals::Mistrust(const Assignment& best, const Assignment& refused) {
  for (std::size_t d = 0; d < losses_.size(); ++d) {
    const double added = losses_[d][refused[d]] - losses_[d][best[d]];
    if (added > 0) losses_[d][refused[d]] = losses_[d][best[d]] + added * kMistrust;
  }
}

}  // namespace bw
