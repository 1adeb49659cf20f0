#include "bitwright/search/predict.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/search/test_space.h"

namespace bw {
namespace {

using testing_search::Separable;

template <typename Visit>
void ForEveryAssignment(const SearchSpace& space, const Visit& visit) {
  Assignment a(space.decisions(), 0);
  while (true) {
    visit(a);
    std::size_t d = 0;
    while (d < a.size() && ++a[d] == space.choices(d)) a[d++] = 0;
    if (d == a.size()) return;
  }
}

ChoiceTable Draw(std::size_t decisions, std::size_t choices) {
  ChoiceTable table(decisions, std::vector<double>(choices));
  for (auto& row : table) {
    for (double& x : row) x = *rc::gen::inRange(1, 30);
  }
  return table;
}

TEST(MakePath, LeavesOutWhatIsAboveTheHull) {
  // (loss, cost): (9, 6) and (10, 4) lie above the line from (0, 8) to (12, 2).
  const SearchSpace space = Separable({{0, 10, 9, 12}}, {{8, 4, 6, 2}});
  const auto path = MakePath(space, space.losses, MinimizeCost(space, 0));
  ASSERT_EQ(path.size(), 2U);
  EXPECT_EQ(path[0].assignment, (Assignment{0}));
  EXPECT_EQ(path[1].assignment, (Assignment{3}));
}

TEST(MakePath, StartsAtTheCheaperOfEqualLosses) {
  const SearchSpace space = Separable({{0, 0}}, {{8, 4}});
  const auto path = MakePath(space, space.losses, MinimizeCost(space, 0));
  EXPECT_EQ(path.front().assignment, (Assignment{1}));
}

RC_GTEST_PROP(MakePath, EveryPointIsOptimalAtItsLoss, ()) {
  const auto decisions = *rc::gen::inRange<std::size_t>(1, 4);
  const SearchSpace space = Separable(Draw(decisions, 4), Draw(decisions, 4));
  const Demand demand = MinimizeCost(space, 0);
  for (const PathPoint& point : MakePath(space, space.losses, demand)) {
    ForEveryAssignment(space, [&](const Assignment& a) {
      if (SummedLoss(space.losses, a) <= point.loss)
        RC_ASSERT(Totals(space, a)[0] >= point.merit - 1e-9);
    });
  }
}

// Small weights, their sum with activations bounded: no assignment within the bounds is smaller by
// more than one step of a decision.
RC_GTEST_PROP(SolveWithin, PricesWhatAWeightedConstraintBounds, ()) {
  const ChoiceTable losses = Draw(5, 4), costs = Draw(5, 4);
  SearchSpace space{losses, {{"weights", false, 0, {}}, {"all", false, 0, {}}}};
  double step = 0;
  for (std::size_t d = 0; d < 5; ++d) {
    if (d < 3) space.costs[0].terms.push_back(SingleTerm(d, costs[d]));
    space.costs[1].terms.push_back(SingleTerm(d, costs[d]));
    step = std::max(step, *std::max_element(costs[d].begin(), costs[d].end()));
  }
  Demand demand = MinimizeCost(space, 0);
  const double limit = *rc::gen::inRange(20, 100);
  demand.constraints.push_back(
      {"all", [](std::span<const double> totals) { return totals[1]; }, limit, 1, {0, 1}});
  const auto path = MakePath(space, space.losses, demand);
  const double bound = path[0].loss + *rc::gen::inRange(0, 60);
  const Assignment found = SolveWithin(space, space.losses, demand, path, bound);
  RC_ASSERT(SummedLoss(space.losses, found) <= bound);
  double least = std::numeric_limits<double>::infinity();
  ForEveryAssignment(space, [&](const Assignment& a) {
    const std::vector<double> totals = Totals(space, a);
    if (SummedLoss(space.losses, a) <= bound && Keeps(demand, totals))
      least = std::min(least, totals[0]);
  });
  if (!std::isfinite(least)) return;
  RC_ASSERT(Keeps(demand, Totals(space, found)));
  RC_ASSERT(Totals(space, found)[0] <= least + step);
}

// Costs of pairs of neighbours, a peak among them, and a constraint.
RC_GTEST_PROP(SolveWithin, KeepsTheBoundAndComesNearTheBestOfCostsThatDoNotAddUp, ()) {
  SearchSpace space{Draw(4, 3), {}};
  for (const bool is_peak : {false, true}) {
    CostTable cost{"cost", is_peak, 2, {}};
    for (std::size_t d = 0; d + 1 < 4; ++d) {
      const ChoiceTable table = Draw(3, 3);
      cost.terms.push_back(
          {{d, d + 1}, [table](std::span<const std::size_t> c) { return table[c[0]][c[1]]; }});
    }
    space.costs.push_back(std::move(cost));
  }
  const Demand demand = MinimizeCost(space, 0);
  const auto path = MakePath(space, space.losses, demand);
  const double bound = path[0].loss + *rc::gen::inRange(0, 40);
  const Assignment found = SolveWithin(space, space.losses, demand, path, bound);
  RC_ASSERT(SummedLoss(space.losses, found) <= bound);
  double best = std::numeric_limits<double>::infinity(), worst = 0;
  ForEveryAssignment(space, [&](const Assignment& a) {
    if (SummedLoss(space.losses, a) > bound) return;
    best = std::min(best, Totals(space, a)[0]);
    worst = std::max(worst, Totals(space, a)[0]);
  });
  RC_ASSERT(Totals(space, found)[0] <= best + 0.5 * (worst - best));
}

TEST(SolveWithin, MeetsConstraintsFirst) {
  SearchSpace space = Separable({{0, 1, 5}, {0, 1, 5}}, {{8, 4, 1}, {8, 4, 1}});
  space.costs.push_back({"other", false, 0, {SingleTerm(0, {1, 2, 9}), SingleTerm(1, {1, 2, 3})}});
  Demand demand = MinimizeCost(space, 0);
  demand.weights.clear();
  demand.constraints.push_back({"other<=5", [](std::span<const double> t) { return t[1]; }, 5});
  const auto path = MakePath(space, space.losses, demand);
  // Both at choice 2 would cost 2, but 12 of the other; at 1 and 2 they cost 5 and 5.
  EXPECT_EQ(SolveWithin(space, space.losses, demand, path, 100), (Assignment{1, 2}));
}

RC_GTEST_PROP(Walk, SaysOfEveryMoveWhatTheTotalsSayAfterIt, ()) {
  SearchSpace space{Draw(3, 3), {}};
  for (const bool is_peak : {false, true}) {
    const ChoiceTable table = Draw(3, 3);
    space.costs.push_back({"c", is_peak, 3, {}});
    space.costs.back().terms.push_back(
        {{0, 2}, [table](std::span<const std::size_t> c) { return table[c[0]][c[1]]; }});
    space.costs.back().terms.push_back(SingleTerm(1, table[2]));
  }
  Demand demand;
  demand.objective = [](std::span<const double> t) { return t[0] * t[1] + t[1]; };
  Walk walk(space, demand, {0, 1, 2}, 1);
  for (int step = 0; step < 5; ++step) {
    const std::vector<Move> moves = MovesFrom(space, walk.assignment());
    for (const Move& move : moves) {
      Assignment after = walk.assignment();
      for (const Change& change : move.span()) after[change.decision] = change.choice;
      RC_ASSERT(std::abs(walk.MeritAfter(move.span()) - demand.objective(Totals(space, after))) <
                1e-9);
    }
    walk.Take(moves[*rc::gen::inRange<std::size_t>(0, moves.size())].span());
    RC_ASSERT(walk.merit() == demand.objective(Totals(space, walk.assignment())));
  }
}

}  // namespace
}  // namespace bw
