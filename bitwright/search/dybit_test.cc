#include "bitwright/search/dybit.h"

#include <gtest/gtest.h>

#include "bitwright/search/test_space.h"

namespace bw {
namespace {

// Choices of 8, 4 and 2 bits. Decisions 0 and 1 are weights, 2 and 3 activations.
const DyBitFacts kFacts = {ChoiceTable(4, {8, 4, 2}),
                           {{0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}},
                           {{1, 20, 300}, {1, 10, 400}, {1, 5, 90}, {1, 6, 80}}};

std::vector<std::pair<std::size_t, std::size_t>> Steps(const ChoiceTable& costs,
                                                       const DyBitFacts& facts) {
  const SearchSpace space = testing_search::Separable(facts.rmse, costs);
  std::vector<std::pair<std::size_t, std::size_t>> steps;
  for (const Change& step : DyBitSpeedupSteps(space, MinimizeCost(space, 0), facts))
    steps.emplace_back(step.decision, step.choice);
  return steps;
}

// "First, we quantize the weight with the smallest error 8 to 4 bit; second, the activation": of
// two decisions of a kind the costlier one is the top quarter, so the cost decides.
TEST(DyBitSpeedupSteps, LowersWeightsThenActivationsThenBothAgain) {
  const ChoiceTable costs = {{8, 4, 2}, {80, 40, 20}, {88, 44, 22}, {16, 8, 4}};
  const std::vector<std::pair<std::size_t, std::size_t>> expected = {
      {1, 1}, {0, 1}, {2, 1}, {3, 1}, {1, 2}, {0, 2}, {2, 2}, {3, 2}};
  EXPECT_EQ(Steps(costs, kFacts), expected);
}

// Eight weights of equal cost: the top quarter are two, the first two by order; of these the
// smaller error goes first.
TEST(DyBitSpeedupSteps, TakesTheLeastErrorOfTheMostCostly) {
  DyBitFacts facts{ChoiceTable(8, {8, 4}), ChoiceTable(8, {0, 0}), ChoiceTable(8, {1, 50})};
  for (std::size_t d = 0; d < 8; ++d) facts.rmse[d][1] = 50 - static_cast<double>(d);
  const auto steps = Steps(ChoiceTable(8, {8, 4}), facts);
  ASSERT_EQ(steps.size(), 8U);
  EXPECT_EQ(steps[0].first, 1U);  // of 0 and 1
  EXPECT_EQ(steps[1].first, 2U);  // of 0 and 2
  EXPECT_EQ(steps[7].first, 0U);
}

TEST(DyBitWithinRmse, HalvesWhereTheErrorGrowsLittle) {
  EXPECT_EQ(DyBitWithinRmse(kFacts, 1), (Assignment{0, 0, 0, 0}));
  EXPECT_EQ(DyBitWithinRmse(kFacts, 6), (Assignment{0, 0, 1, 1}));
  EXPECT_EQ(DyBitWithinRmse(kFacts, 15), (Assignment{0, 1, 1, 1}));
  EXPECT_EQ(DyBitWithinRmse(kFacts, 100), (Assignment{1, 1, 2, 2}));
}

TEST(DyBitStart, IsTheWidestOfAtMostEightBits) {
  const DyBitFacts facts{{{16, 8, 4}, {6, 5}, {16, 12}}, {}, {}};
  EXPECT_EQ(DyBitStart(facts), (Assignment{1, 0, 0}));
}

}  // namespace
}  // namespace bw
