#include "bitwright/search/proposals.h"

#include <gtest/gtest.h>

#include "bitwright/search/test_space.h"

namespace bw {
namespace {

using testing_search::Additive;
using testing_search::Separable;

const ChoiceTable kLosses = {{0, 1, 4}, {0, 2, 5}, {0, 1, 6}};
const ChoiceTable kCosts = {{9, 6, 3}, {9, 5, 2}, {9, 7, 1}};

Problem MakeProblem(const ChoiceTable& truth, double bound, double evaluations) {
  const SearchSpace space = Separable(kLosses, kCosts);
  SearchLimits limits;
  limits.evaluations = evaluations;
  return {space, MinimizeCost(space, 0), Additive(truth, bound),
          [](std::string_view) { return Expected<ChoiceTable>(); }, limits};
}

// All 27 assignments.
double LeastCost(const ChoiceTable& truth, double bound) {
  double least = 1e9;
  for (std::size_t i = 0; i < 27; ++i) {
    const Assignment a = {i % 3, i / 3 % 3, i / 9};
    if (SummedLoss(truth, a) <= bound) least = std::min(least, SummedLoss(kCosts, a));
  }
  return least;
}

TEST(Proposals, GoDownFromTheBestKnownToTheOptimumOfTruePredictions) {
  Problem problem = MakeProblem(kLosses, 7, 30);
  ASSERT_TRUE(problem.Evaluate({1, 0, 1}, Fidelity::kFull).has_value());
  Proposals proposals(problem, kLosses);
  ASSERT_TRUE(proposals.Run(1.8).has_value());
  EXPECT_EQ(problem.best()->objective, LeastCost(kLosses, 7));
}

TEST(Proposals, TakeNothingThatTheOracleRefusesAndMistrustWhatItSays) {
  ChoiceTable truth = kLosses;
  truth[0][2] = 50;
  Problem problem = MakeProblem(truth, 7, 30);
  ASSERT_TRUE(problem.Evaluate({1, 0, 1}, Fidelity::kFull).has_value());
  Proposals proposals(problem, kLosses);
  ASSERT_TRUE(proposals.Run(3).has_value());
  EXPECT_LE(SummedLoss(truth, problem.best()->assignment), 7);
  EXPECT_LT(problem.best()->objective, SummedLoss(kCosts, {1, 0, 1}));
  EXPECT_GT(proposals.losses()[0][2], kLosses[0][2]);
}

TEST(Proposals, EndWithTheBudget) {
  Problem problem = MakeProblem(kLosses, 100, 2);
  ASSERT_TRUE(problem.Evaluate({1, 0, 1}, Fidelity::kFull).has_value());
  Proposals proposals(problem, kLosses);
  ASSERT_TRUE(proposals.Run(1.8).has_value());
  EXPECT_EQ(problem.measured().size(), 2U);
}

}  // namespace
}  // namespace bw
