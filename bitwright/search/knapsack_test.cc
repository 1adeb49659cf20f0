#include "bitwright/search/knapsack.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace bw {
namespace {

// The least cost within the bound by trying everything; infinite when nothing fits.
double Enumerate(const ChoiceTable& losses, const ChoiceTable& costs, double bound, std::size_t d,
                 double loss, double cost) {
  if (d == losses.size()) return loss <= bound ? cost : std::numeric_limits<double>::infinity();
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < losses[d].size(); ++c)
    best = std::min(
        best, Enumerate(losses, costs, bound, d + 1, loss + losses[d][c], cost + costs[d][c]));
  return best;
}

// Whole numbers, so that sums have no rounding errors.
ChoiceTable Draw(const ChoiceTable& shape) {
  ChoiceTable table = shape;
  for (auto& row : table) {
    for (double& x : row) x = *rc::gen::inRange(0, 40);
  }
  return table;
}

RC_GTEST_PROP(SolveKnapsack, FindsWhatEnumerationFinds, ()) {
  ChoiceTable losses(*rc::gen::inRange<std::size_t>(1, 7));
  for (auto& row : losses) row.resize(*rc::gen::inRange<std::size_t>(1, 6));
  losses = Draw(losses);
  const ChoiceTable costs = Draw(losses);
  const double bound = *rc::gen::inRange(0, 150);
  const double expected = Enumerate(losses, costs, bound, 0, 0, 0);
  const KnapsackResult found = SolveKnapsack(losses, costs, bound);
  RC_ASSERT(found.feasible == (expected < 1e9));
  if (!found.feasible) return;
  RC_ASSERT(found.optimal);
  RC_ASSERT(SummedLoss(losses, found.assignment) <= bound);
  RC_ASSERT(SummedLoss(costs, found.assignment) == expected);
}

TEST(SolveKnapsack, IsFeasibleButNotProvedWhenTheNodesRunOut) {
  const ChoiceTable losses(30, {0, 1, 2, 3}), costs(30, {9, 5, 3, 2});
  const KnapsackResult found = SolveKnapsack(losses, costs, 31, 5);
  EXPECT_TRUE(found.feasible);
  EXPECT_FALSE(found.optimal);
  EXPECT_LE(SummedLoss(losses, found.assignment), 31);
}

}  // namespace
}  // namespace bw
