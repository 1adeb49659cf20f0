#include "bitwright/search/problem.h"

namespace bw {

bool Problem::exhausted() const {
  return spent_ >= limits_.evaluations || (limits_.out_of_time && limits_.out_of_time());
}

Expected<std::optional<Verdict>> Problem::Evaluate(const Assignment& assignment,
                                                   Fidelity fidelity) {
  if (const auto known = known_.find({fidelity, assignment}); known != known_.end())
    return known->second;
  if (exhausted()) return std::nullopt;
  BW_ASSIGN(const Verdict verdict, oracle_(assignment, fidelity));
  known_.emplace(std::pair(fidelity, assignment), verdict);
  spent_ += fidelity == Fidelity::kFull ? 1 : limits_.cheap_share;
  if (limits_.progress) limits_.progress("search", std::min(1.0, spent_ / limits_.evaluations));
  if (fidelity == Fidelity::kFull) BW_TRY(Note(assignment, verdict));
  return verdict;
}

Expected<void> Problem::Note(const Assignment& assignment, const Verdict& verdict) {
  const std::vector<double> totals = Totals(space_, assignment);
  MeasuredAssignment measured{assignment, verdict, demand_.objective(totals),
                              verdict.feasible && Keeps(demand_, totals)};
  measured_.push_back(measured);
  if (!measured.allowed || (best_ && measured.objective >= best_->objective)) return {};
  best_ = std::move(measured);
  return limits_.best ? limits_.best(assignment) : Expected<void>();
}

}  // namespace bw
