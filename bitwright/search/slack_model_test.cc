#include "bitwright/search/slack_model.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

// Four decisions; a choice is its own loss.
const ChoiceTable kLosses(4, {0, 1, 2, 3, 4, 5});

// Allowed up to a loss of 8; with `bump` those that give the first decision 4 are worse than that.
std::vector<MeasuredAssignment> Measured(const std::vector<Assignment>& assignments, double bump) {
  std::vector<MeasuredAssignment> measured;
  for (const Assignment& a : assignments) {
    const double slack = 8 - SummedLoss(kLosses, a) - (a[0] == 4 ? bump : 0);
    measured.push_back({a, {slack >= 0, slack, 0}, 0, slack >= 0});
  }
  return measured;
}

TEST(SlackModel, IsSureOfWhatItKnowsAndFarFromTheBound) {
  const auto measured = Measured({{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 3}, {3, 3, 3, 3}}, 0);
  const SlackModel model(measured, kLosses, 8);
  EXPECT_GT(model.Probability({2, 1, 2, 1}), 0.999);
  EXPECT_LT(model.Probability({5, 5, 5, 5}), 0.001);
}

TEST(SlackModel, TrustsAnAssignmentLessThatIsLikeARefusedOne) {
  const auto measured = Measured(
      {{0, 0, 0, 0}, {1, 1, 1, 1}, {4, 1, 1, 1}, {4, 2, 0, 1}, {1, 2, 2, 2}, {3, 3, 3, 3}}, 3);
  const SlackModel model(measured, kLosses, 8);
  // Both have a predicted loss of 7; the first has the refused decision.
  EXPECT_LT(model.Probability({4, 1, 2, 0}), model.Probability({0, 2, 2, 3}));
}

TEST(SlackModel, MakesDoWithOneMeasurement) {
  const auto measured = Measured({{1, 1, 1, 1}}, 0);
  const double likely = SlackModel(measured, kLosses, 4).Probability({1, 1, 1, 1});
  EXPECT_TRUE(likely >= 0 && likely <= 1);
}

TEST(SlackModel, TakesLossesOfNothing) {
  const ChoiceTable none(4, std::vector<double>(6, 0.0));
  const auto measured = Measured({{1, 1, 1, 1}, {2, 2, 2, 2}}, 0);
  const double likely = SlackModel(measured, none, 0).Probability({3, 3, 3, 3});
  EXPECT_TRUE(likely >= 0 && likely <= 1);
}

}  // namespace
}  // namespace bw
