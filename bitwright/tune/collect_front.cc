#include "bitwright/tune/collect_front.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "bitwright/search/predict.h"

namespace bw {
namespace {

// How much more loss than the result's the front shows.
constexpr double kFarthest = 20;

// Points of the path at equal ratios of predicted loss up to kFarthest times that of `best`.
std::vector<Assignment> AlongPath(const Problem& problem, const Assignment& best,
                                  std::size_t count) {
  const std::vector<PathPoint> path =
      MakePath(problem.space(), problem.space().losses, problem.demand());
  const double last = kFarthest * SummedLoss(problem.space().losses, best);
  const double first = std::max(path.front().loss, last * 1e-3);
  std::vector<Assignment> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    const double loss = first * std::pow(std::max(last / first, 1.0), share);
    const auto point = std::find_if(path.rbegin(), path.rend(),
                                    [&](const PathPoint& p) { return p.loss <= loss; });
    if (point != path.rend()) chosen.push_back(point->assignment);
  }
  return chosen;
}

}  // namespace

Expected<Front> CollectFront(PlanSpace& plans, const LayerCosts& costs, const Problem& problem,
                             const TuneOptions& options, std::size_t more) {
  const Evaluator& search = plans.search();
  Front front;
  front.metric = search.metric().name;
  front.objective = options.demand.objective ? "a function" : options.demand.minimize;
  front.percent = search.metric().is_percent;
  front.samples = search.data().size();
  front.float_accuracy = search.float_result().value;
  front.max_drop = options.max_drop;
  front.float_cost = CostOf(costs, plans.targets(), {});
  std::set<Assignment> known;
  const auto add = [&](const Assignment& assignment, bool allowed) -> Expected<void> {
    if (!known.insert(assignment).second) return {};
    BW_ASSIGN(const Evaluation measured, plans.Measure(assignment, Fidelity::kFull));
    Plan plan = plans.PlanOf(assignment);
    const Cost cost = CostOf(costs, plans.targets(), plan);
    const bool chosen = problem.best() && problem.best()->assignment == assignment;
    front.points.push_back({std::move(plan), measured.value, measured.divergence,
                            problem.Objective(assignment), allowed, chosen, cost});
    return {};
  };
  for (const MeasuredAssignment& measured : problem.measured())
    BW_TRY(add(measured.assignment, measured.allowed));
  if (!problem.best()) return Thinned(std::move(front));
  for (const Assignment& assignment : AlongPath(problem, problem.best()->assignment, more)) {
    if (problem.limits().out_of_time && problem.limits().out_of_time()) break;
    BW_TRY(add(assignment, false));
  }
  return Thinned(std::move(front));
}

}  // namespace bw
