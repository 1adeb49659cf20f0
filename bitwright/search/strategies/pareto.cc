// The default: measured sensitivities, the best ratios, the true accuracy, and what it teaches.

#include <algorithm>
#include <cmath>
#include <set>

#include "bitwright/search/predict.h"
#include "bitwright/search/proposals.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr double kFirstStretch = 1.2;  // how much more predicted loss the first proposals take
constexpr double kMostLearned = 3;     // by which a decision's losses are corrected, up or down
constexpr std::size_t kConstraintTrials = 12;
constexpr int kRoundsInVain = 4;
constexpr double kLearningShare = 0.3;  // of the budget, at most

ChoiceTable NonNegative(ChoiceTable losses) {
  for (std::vector<double>& row : losses) {
    for (double& loss : row) loss = std::max(loss, 0.0);
  }
  return losses;
}

// One search: the losses as the checks have corrected them, and the steps of the search.
class Search {
 public:
  explicit Search(Problem& problem)
      : problem_(problem),
        proposals_(problem, NonNegative(problem.space().losses)),
        losses_(proposals_.losses()) {}

  Expected<void> Run() {
    BW_TRY(Bisect());
    if (!problem_.best()) BW_TRY(MeetConstraints());
    if (!problem_.best()) return {};
    BW_TRY(proposals_.Run(kFirstStretch));
    BW_TRY(Learn());
    BW_TRY(proposals_.Run(kFirstStretch));
    BW_TRY(Polish());
    BW_TRY(UseTheRest());
    problem_.Teach(losses_);
    return {};
  }

 private:
  const SearchSpace& space() const { return problem_.space(); }
  void MakePath() { path_ = bw::MakePath(space(), losses_, problem_.demand()); }

  // Nullopt, and the end of the search, when the budget is gone.
  Expected<bool> Allows(const Assignment& assignment) {
    BW_ASSIGN(const auto verdict, problem_.Evaluate(assignment, Fidelity::kFull));
    return verdict && verdict->feasible;
  }

  // How far down the path the accuracy allows.
  Expected<void> Bisect() {
    MakePath();
    BW_ASSIGN(const bool start, Allows(path_[0].assignment));
    if (!start) return {};
    std::size_t good = 0, bad = path_.size();
    while (bad - good > 1 && !problem_.exhausted()) {
      const std::size_t middle = (good + bad) / 2;
      BW_ASSIGN(const bool allowed, Allows(path_[middle].assignment));
      (allowed ? good : bad) = middle;
    }
    return {};
  }

  // The first points of the path that keep the constraints, where the accuracy allowed less than
  // that: it does not fall evenly, so one of them may still be within the bound.
  Expected<void> MeetConstraints() {
    if (!problem_.measured().front().verdict.feasible) return {};
    std::size_t tried = 0;
    for (const PathPoint& point : path_) {
      if (!Keeps(problem_.demand(), Totals(space(), point.assignment))) continue;
      BW_ASSIGN(const bool allowed, Allows(point.assignment));
      if (allowed || problem_.exhausted() || ++tried == kConstraintTrials) return {};
    }
    return {};
  }

  // The choice of the least loss above this one's, or below where there is none above.
  std::size_t Neighbour(std::size_t d, std::size_t choice) const {
    const std::vector<double>& row = losses_[d];
    std::size_t above = choice, below = choice;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (row[c] > row[choice] && (above == choice || row[c] < row[above])) above = c;
      if (row[c] < row[choice] && (below == choice || row[c] > row[below])) below = c;
    }
    return above != choice ? above : below;
  }

  // Measures again, cheaply, what one step of each decision does: no longer alone, but with all
  // others where the best has them. The ratio of the two is the decision's interaction with the
  // rest; half of it (in logarithms) is believed, since few samples tell it.
  Expected<void> Learn() {
    const Assignment base = problem_.best()->assignment;
    const double price = problem_.limits().cheap_share * static_cast<double>(base.size() + 1);
    if (price > kLearningShare * problem_.limits().evaluations) return {};
    BW_ASSIGN(const auto before, problem_.Evaluate(base, Fidelity::kCheap));
    if (!before) return {};
    std::vector<double> predicted(base.size(), 0.0), measured(base.size(), 0.0);
    double predicted_sum = 0, measured_sum = 0;
    for (std::size_t d = 0; d < base.size(); ++d) {
      Assignment next = base;
      next[d] = Neighbour(d, base[d]);
      if (next[d] == base[d]) continue;
      BW_ASSIGN(const auto after, problem_.Evaluate(next, Fidelity::kCheap));
      if (!after) return {};
      predicted[d] = std::abs(losses_[d][next[d]] - losses_[d][base[d]]);
      const double sign = losses_[d][next[d]] > losses_[d][base[d]] ? 1 : -1;
      measured[d] = std::max(0.0, sign * (after->loss - before->loss));
      predicted_sum += predicted[d];
      measured_sum += measured[d];
    }
    for (std::size_t d = 0; d < base.size() && measured_sum > 0; ++d) {
      if (predicted[d] <= 0) continue;
      const double ratio = measured[d] / predicted[d] * predicted_sum / measured_sum;
      const double factor = std::clamp(std::sqrt(ratio), 1 / kMostLearned, kMostLearned);
      for (double& loss : losses_[d]) loss *= factor;
    }
    return {};
  }

  // What the budget has left goes into more proposals: every refusal has changed the prediction.
  Expected<void> UseTheRest() {
    for (int in_vain = 0; in_vain < kRoundsInVain && !problem_.exhausted(); ++in_vain) {
      const double before = problem_.best()->objective;
      BW_TRY(proposals_.Run(kFirstStretch));
      if (problem_.best()->objective >= before) continue;
      in_vain = -1;
      BW_TRY(Polish());
    }
    return {};
  }

  struct Step {
    Move move;
    double ratio = 0;  // added loss for the objective saved
  };

  // Moves that make the best cheaper, the least damaging first.
  std::vector<Step> Steps() const {
    const Assignment& best = problem_.best()->assignment;
    Walk walk(space(), problem_.demand(), best, std::abs(problem_.best()->objective));
    std::vector<Step> steps;
    for (const Move& move : MovesFrom(space(), best)) {
      const double saved = walk.merit() - walk.MeritAfter(move.span());
      if (saved <= 1e-12 * std::abs(walk.merit())) continue;
      double added = 0;
      for (const Change& change : move.span())
        added += losses_[change.decision][change.choice] -
                 losses_[change.decision][best[change.decision]];
      steps.push_back({move, added / saved});
    }
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return a.ratio < b.ratio; });
    return steps;
  }

  // Single moves from the best, until none is allowed. A refused change is not tried again.
  Expected<void> Polish() {
    std::set<std::pair<std::size_t, std::size_t>> refused;
    const auto was_refused = [&](const Change& c) {
      return refused.contains({c.decision, c.choice});
    };
    for (bool found = true; found && !problem_.exhausted();) {
      found = false;
      for (const Step& step : Steps()) {
        const auto changes = step.move.span();
        if (std::any_of(changes.begin(), changes.end(), was_refused)) continue;
        Assignment next = problem_.best()->assignment;
        for (const Change& change : changes) next[change.decision] = change.choice;
        BW_ASSIGN(const bool allowed, Allows(next));
        found = allowed && problem_.best()->assignment == next;
        if (found || problem_.exhausted()) break;
        if (step.move.count == 1) refused.emplace(changes[0].decision, changes[0].choice);
      }
    }
    return {};
  }

  Problem& problem_;
  Proposals proposals_;
  ChoiceTable& losses_;
  std::vector<PathPoint> path_;
};

Expected<void> Run(Problem& problem, const StrategyParameters& /*parameters*/) {
  return Search(problem).Run();
}

}  // namespace

BW_ENTRY(Strategy, pareto) = {
    "pareto",
    "measured sensitivities, exact knapsack, checked and corrected by the true accuracy",
    "ours",
    {},
    Run};

}  // namespace bw::strategies
