#include "bitwright/search/descent.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

double Cost(const std::vector<Decision>& decisions, const Assignment& a) {
  double cost = 0;
  for (std::size_t d = 0; d < a.size(); ++d) cost += decisions[d][a[d]].cost;
  return cost;
}

double Loss(const std::vector<Decision>& decisions, const Assignment& a) {
  double loss = 0;
  for (std::size_t d = 0; d < a.size(); ++d) loss += decisions[d][a[d]].loss;
  return loss;
}

TEST(MakeDescentPath, DropsDominatedChoices) {
  const std::vector<Decision> decisions = {{{8, 0}, {4, 10}, {6, 9}, {2, 12}}};
  const DescentPath path = MakeDescentPath(decisions);
  EXPECT_EQ(path.start, (Assignment{0}));
  ASSERT_EQ(path.steps.size(), 1u);  // (6, 9) and (4, 10) lie above the line from (8, 0) to (2, 12)
  EXPECT_EQ(path.steps[0].choice, 3u);
}

TEST(MakeDescentPath, TakesTheCheaperOfEqualLosses) {
  EXPECT_EQ(MakeDescentPath({{{8, 0}, {4, 0}}}).start, (Assignment{1}));
}

RC_GTEST_PROP(MakeDescentPath, EveryPrefixIsOptimalAtItsCost, ()) {
  std::vector<Decision> decisions(*rc::gen::inRange<std::size_t>(1, 4));
  for (Decision& decision : decisions) {
    decision.resize(*rc::gen::inRange<std::size_t>(1, 5));
    for (Choice& choice : decision)
      choice = {1.0 * *rc::gen::inRange(1, 20), 1.0 * *rc::gen::inRange(0, 20)};
  }
  const DescentPath path = MakeDescentPath(decisions);
  for (std::size_t prefix = 0; prefix <= path.steps.size(); ++prefix) {
    const Assignment reached = After(path, prefix);
    Assignment other(decisions.size(), 0);
    for (bool more = true; more;) {  // every assignment: none as cheap has less loss
      if (Cost(decisions, other) <= Cost(decisions, reached)) {
        RC_ASSERT(Loss(decisions, other) >= Loss(decisions, reached) - 1e-9);
      }
      std::size_t d = 0;
      while (d < other.size() && ++other[d] == decisions[d].size()) other[d++] = 0;
      more = d < other.size();
    }
  }
}

TEST(Descend, ReachesTheBoundAndNeverLeavesIt) {
  std::vector<Decision> decisions;
  for (int d = 0; d < 12; ++d) {
    Decision decision;
    for (int bits = 8; bits >= 2; --bits)
      decision.push_back({1.0 * bits * (1 + d), (1 + d % 3) * std::pow(4.0, -bits)});
    decisions.push_back(decision);
  }
  std::size_t told = 0;
  DescentLimits limits;
  limits.evaluations = 200;
  limits.best = [&](const Assignment& a) -> Expected<void> {
    EXPECT_LE(Loss(decisions, a), 0.05);
    ++told;
    return {};
  };
  const auto oracle = [&](const Assignment& a) -> Expected<Verdict> {
    return Verdict{Loss(decisions, a) <= 0.05, 0};
  };
  const Expected<DescentResult> result = Descend(decisions, oracle, limits);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->feasible);
  EXPECT_GT(told, 2u);
  EXPECT_LT(Cost(decisions, result->assignment), 0.6 * Cost(decisions, Assignment(12, 0)));
}

TEST(Descend, SaysWhenNothingIsFeasible) {
  const auto never = [](const Assignment&) -> Expected<Verdict> { return Verdict{}; };
  const Expected<DescentResult> result = Descend({{{8, 0}, {4, 1}}}, never, {});
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->feasible);
  EXPECT_EQ(result->evaluations, 1u);
}

}  // namespace
}  // namespace bw
