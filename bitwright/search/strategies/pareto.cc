// The default: measured sensitivities, the best ratios, the true accuracy, and what it teaches.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "bitwright/search/predict.h"
#include "bitwright/search/slack_model.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr double kMostLearned = 3;  // by which a decision's losses are corrected, up or down
constexpr std::size_t kConstraintTrials = 12;
constexpr double kLeastGain = 3e-5;  // of the objective, that is worth a measurement
constexpr double kGrid = 1.1;        // of predicted losses, geometric
constexpr int kGridSteps = 10;
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
      : problem_(problem), losses_(NonNegative(problem.space().losses)) {}

  Expected<void> Run() {
    BW_TRY(Bisect());
    if (!problem_.best()) BW_TRY(MeetConstraints());
    if (!problem_.best()) return {};
    BW_TRY(TakeGains(problem_.limits().evaluations / 2));
    BW_TRY(Learn());
    BW_TRY(TakeGains(problem_.limits().evaluations));
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

  // The best by prediction with a little more loss than the best known, and with ever more of it.
  std::vector<Assignment> Bases() {
    std::vector<Assignment> bases{problem_.best()->assignment};
    const double loss = SummedLoss(losses_, bases[0]);
    const int first = static_cast<int>(std::floor(std::log(loss + 1e-30) / std::log(kGrid)));
    for (int step = first + 1; step <= first + kGridSteps; ++step) {
      auto& known = within_[step];
      if (known.empty()) {
        known = SolveWithin(space(), losses_, problem_.demand(), path_, std::pow(kGrid, step));
      }
      bases.push_back(known);
    }
    return bases;
  }

  // The moves from these that would be a gain if the oracle allowed them, and were not measured.
  std::map<Assignment, double> Gains() {
    const MeasuredAssignment& best = *problem_.best();
    std::map<Assignment, double> gains;
    for (const Assignment& base : Bases()) {
      Walk walk(space(), problem_.demand(), base, std::abs(best.objective));
      std::vector<Move> moves = MovesFrom(space(), base);
      moves.push_back({});
      for (const Move& move : moves) {
        const double gain = best.objective - walk.MeritAfter(move.span());
        if (gain <= kLeastGain * std::abs(best.objective)) continue;
        Assignment next = base;
        for (const Change& change : move.span()) next[change.decision] = change.choice;
        gains.emplace(std::move(next), gain);
      }
    }
    for (const MeasuredAssignment& measured : problem_.measured()) gains.erase(measured.assignment);
    return gains;
  }

  // The assignment of the greatest expected gain: what it would save, times how likely it is to be
  // allowed by what was said of others (Schonlau, Welch and Jones 1998). Nullopt where none is
  // worth a measurement.
  std::optional<Assignment> MostExpected() {
    const MeasuredAssignment& best = *problem_.best();
    const SlackModel model(problem_.measured(), losses_, SummedLoss(losses_, best.assignment));
    double most = kLeastGain * std::abs(best.objective);
    std::optional<Assignment> next;
    for (const auto& [assignment, gain] : Gains()) {
      if (gain <= most) continue;
      const double expected = gain * model.Probability(assignment);
      if (expected <= most || !Keeps(problem_.demand(), Totals(space(), assignment))) continue;
      most = expected;
      next = assignment;
    }
    return next;
  }

  // Measures what promises most, until so many evaluations are spent.
  Expected<void> TakeGains(double evaluations) {
    MakePath();
    within_.clear();
    while (!problem_.exhausted() && problem_.spent() < evaluations) {
      const std::optional<Assignment> next = MostExpected();
      if (!next) return {};
      BW_TRY(Allows(*next));
    }
    return {};
  }

  Problem& problem_;
  ChoiceTable losses_;  // as Learn has corrected them
  std::vector<PathPoint> path_;
  std::map<int, Assignment> within_;  // by the step of the grid of losses
};

Expected<void> Run(Problem& problem, const StrategyParameters& /*parameters*/) {
  return Search(problem).Run();
}

}  // namespace

BW_ENTRY(Strategy, pareto) = {
    "pareto",
    "measured sensitivities, exact knapsacks, and the greatest expected gain by what was measured",
    "ours",
    {},
    Run};

}  // namespace bw::strategies
