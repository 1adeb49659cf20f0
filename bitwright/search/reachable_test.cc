#include "bitwright/search/reachable.h"

#include <gtest/gtest.h>

#include "bitwright/search/test_space.h"

namespace bw {
namespace {

using testing_search::Separable;

// Two decisions; what makes the first cost small makes the second one great.
SearchSpace Opposed() {
  SearchSpace space = Separable({{0, 0}, {0, 0}}, {{8, 2}, {8, 2}});
  space.costs.push_back({"other", false, 1, {SingleTerm(0, {1, 9}), SingleTerm(1, {1, 9})}});
  return space;
}

Constraint AtMost(const char* text, std::size_t cost, double limit) {
  return {text, [cost](std::span<const double> t) { return t[cost]; }, limit};
}

TEST(LeastValue, IsTheLeast) {
  EXPECT_EQ(LeastValue(Opposed(), [](std::span<const double> t) { return t[0]; }), 4);
  EXPECT_EQ(LeastValue(Opposed(), [](std::span<const double> t) { return t[1]; }), 3);
}

TEST(CheckReachable, RefusesWithTheNearestValue) {
  const SearchSpace space = Opposed();
  Demand demand = MinimizeCost(space, 0);
  demand.constraints = {AtMost("cost<=3", 0, 3)};
  const auto refused = CheckReachable(space, demand);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "--subject-to 'cost<=3': no choice of formats reaches it, the nearest is 4");
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  demand.constraints = {AtMost("cost<=4", 0, 4)};
  EXPECT_TRUE(CheckReachable(space, demand).has_value());
}

TEST(CheckReachable, RefusesWhatCannotBeMetTogether) {
  const SearchSpace space = Opposed();
  Demand demand = MinimizeCost(space, 0);
  demand.constraints = {AtMost("cost<=4", 0, 4), AtMost("other<=3", 1, 3)};
  const auto refused = CheckReachable(space, demand);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("together"), std::string::npos);
  demand.constraints = {AtMost("cost<=10", 0, 10), AtMost("other<=11", 1, 11)};
  EXPECT_TRUE(CheckReachable(space, demand).has_value());
}

// Small costs lose more than is allowed: of what is within the bound on accuracy 10 is nearest
// to 4.
TEST(DescribeConflict, NamesTheNearestValueWithinTheBoundOnAccuracy) {
  SearchSpace space = Opposed();
  space.losses = {{0, 1}, {0, 1}};
  Demand demand = MinimizeCost(space, 0);
  demand.constraints = {AtMost("cost<=4", 0, 4)};
  Problem problem(space, demand, testing_search::Additive(space.losses, 1),
                  [](std::string_view) { return Expected<ChoiceTable>(); }, {});
  for (const Assignment& assignment : {Assignment{0, 0}, Assignment{0, 1}, Assignment{1, 1}})
    ASSERT_TRUE(problem.Evaluate(assignment, Fidelity::kFull).has_value());
  EXPECT_EQ(DescribeConflict(problem),
            "--subject-to and the bound on the drop are not met together; within the bound the "
            "nearest found has 'cost<=4': 10");
}

TEST(DescribeConflict, IsEmptyWhereOneIsAllowedOrNoneIsAccurate) {
  SearchSpace space = Opposed();
  space.losses = {{0, 1}, {0, 1}};
  Demand demand = MinimizeCost(space, 0);
  demand.constraints = {AtMost("cost<=4", 0, 4)};
  for (const double bound : {-1.0, 2.0}) {
    Problem problem(space, demand, testing_search::Additive(space.losses, bound),
                    [](std::string_view) { return Expected<ChoiceTable>(); }, {});
    for (const Assignment& assignment : {Assignment{0, 0}, Assignment{1, 1}})
      ASSERT_TRUE(problem.Evaluate(assignment, Fidelity::kFull).has_value());
    EXPECT_EQ(DescribeConflict(problem), "");
  }
}

}  // namespace
}  // namespace bw
