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

}  // namespace
}  // namespace bw
