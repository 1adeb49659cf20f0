#include "bitwright/quant/choice_loss.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Floats;
using testing_networks::Random;

const float kLog3 = std::log(3.0F);

TEST(ClassChoices, NamesTheTwoBestClassesAndTheLogarithmOfTheirOdds) {
  const ClassChoice choice = ClassChoices(Floats({1, 3}, {0, kLog3, -90}))[0];
  EXPECT_EQ(choice.first, 1U);
  EXPECT_EQ(choice.second, 0U);
  EXPECT_NEAR(choice.p_first, 0.75, 1e-6);
  EXPECT_NEAR(choice.p_second, 0.25, 1e-6);
  EXPECT_NEAR(choice.margin, kLog3, 1e-6);
}

TEST(ClassChoices, TakesProbabilitiesAsTheyAre) {
  const ClassChoice choice = ClassChoices(Floats({1, 3}, {0.2F, 0.7F, 0.1F}))[0];
  EXPECT_NEAR(choice.p_first, 0.7, 1e-6);
  EXPECT_NEAR(choice.margin, std::log(0.7 / 0.2), 1e-6);
}

TEST(ClassChoices, OneClassIsAlwaysChosen) {
  const Tensor one = Floats({2, 1}, {0.3F, -4});
  const auto choices = ClassChoices(one);
  EXPECT_EQ(choices[0].margin, std::numeric_limits<double>::infinity());
  EXPECT_EQ(ExpectedLoss(choices, MarginShifts(choices, one, Floats({2, 1}, {-9, 9}))).changed, 0);
}

TEST(MarginShifts, SayHowFarTheOddsMoved) {
  const Tensor p = Floats({2, 2}, {kLog3, 0, 0, 5}), q = Floats({2, 2}, {1, 1, 2, 5});
  const std::vector<double> shifts = MarginShifts(ClassChoices(p), p, q);
  EXPECT_NEAR(shifts[0], -kLog3, 1e-6);
  EXPECT_NEAR(shifts[1], -2, 1e-6);
}

// Rows are so few that all are each other's neighbours: every margin meets every shift.
TEST(ExpectedLoss, IsTheMeanOverPairsOfNeighbours) {
  const std::vector<ClassChoice> choices = {{0, 1, 0.6, 0.4, 1}, {0, 1, 0.9, 0.1, 2}};
  const ChoiceLoss loss = ExpectedLoss(choices, std::vector<double>{-1.5, 3});
  EXPECT_NEAR(loss.changed, 0.5 / 2, 1e-12);  // the first row, by one of two shifts
  EXPECT_NEAR(loss.drop, 0.5 * (0.6 - 0.4) / 2, 1e-12);
  EXPECT_NEAR(loss.turned, 0.5 * (0.6 + 0.4) / 2, 1e-12);
}

TEST(ExpectedLoss, NoiseOfSureRowsDoesNotFallOnUnsureOnes) {
  std::vector<ClassChoice> choices;
  std::vector<double> shifts;
  for (int i = 0; i < 80; ++i) {
    choices.push_back({0, 1, 0.9, 0.1, 1.0 + i});
    shifts.push_back(i < 40 ? 0 : -1.5);  // enough for the first row alone
  }
  EXPECT_EQ(ExpectedLoss(choices, shifts).changed, 0);
}

TEST(ExpectedLoss, NothingMovedLosesNothing) {
  const std::vector<ClassChoice> choices(9, ClassChoice{0, 1, 0.5, 0.5, 0});
  EXPECT_EQ(ExpectedLoss(choices, std::vector<double>(9, 0.0)).changed, 0);
  EXPECT_EQ(ExpectedLoss({}, {}).changed, 0);
}

RC_GTEST_PROP(ExpectedLoss, KeepsTheOrderOfItsParts, (std::uint16_t seed)) {
  const Tensor p = Random({40, 6}, seed, -3, 3), q = Random({40, 6}, seed + 1U, -3, 3);
  const auto choices = ClassChoices(p);
  const ChoiceLoss loss = ExpectedLoss(choices, MarginShifts(choices, p, q));
  RC_ASSERT(0 <= loss.drop && loss.drop <= loss.turned);
  RC_ASSERT(loss.turned <= loss.changed * (1 + 1e-12) && loss.changed <= 1);
}

}  // namespace
}  // namespace bw
