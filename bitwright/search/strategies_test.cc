#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "bitwright/base/rng.h"
#include "bitwright/search/knapsack.h"
#include "bitwright/search/predict.h"
#include "bitwright/search/strategy.h"
#include "bitwright/search/test_space.h"

namespace bw {
namespace {

using testing_search::Additive;
using testing_search::Separable;

// Widths 8 to 2: costs in proportion, losses that grow about four times with each bit taken.
struct Ladder {
  ChoiceTable losses, costs, widths;
};

Ladder MakeLadder(std::size_t decisions, std::uint64_t seed) {
  Ladder ladder;
  Rng rng(seed);
  for (std::size_t d = 0; d < decisions; ++d) {
    const double size = rng.Uniform(1, 20), sensitivity = rng.Uniform(0.5, 50);
    ladder.losses.emplace_back();
    ladder.costs.emplace_back();
    ladder.widths.emplace_back();
    for (int width = 8; width >= 2; --width) {
      ladder.widths.back().push_back(width);
      ladder.costs.back().push_back(size * width);
      ladder.losses.back().push_back(sensitivity * std::pow(4.0, -width) * rng.Uniform(0.8, 1.2));
    }
  }
  return ladder;
}

FactSource Facts(const Ladder& ladder) {
  return [ladder](std::string_view name) -> Expected<ChoiceTable> {
    if (name == "width") return ladder.widths;
    if (name == "local_error" || name == "error") return ladder.losses;
    ChoiceTable table = ladder.losses;
    for (std::size_t d = 0; d < table.size(); ++d) {
      for (double& x : table[d])
        x = name == "is_activation" ? static_cast<double>(d % 2) : ladder.costs[d][6] / 2;
    }
    return table;
  };
}

class EveryStrategy : public ::testing::TestWithParam<const Strategy*> {};

TEST_P(EveryStrategy, EndsWithinTheBoundAndTheBudget) {
  const Ladder ladder = MakeLadder(10, 3);
  const SearchSpace space = Separable(ladder.losses, ladder.costs);
  const double bound = 0.3;
  std::size_t asked = 0;
  const Oracle oracle = [&](const Assignment& a, Fidelity f) {
    asked += f == Fidelity::kFull ? 1 : 0;
    return Additive(ladder.losses, bound)(a, f);
  };
  SearchLimits limits;
  limits.evaluations = 60;
  Problem problem(space, MinimizeCost(space, 0), oracle, Facts(ladder), limits);
  ASSERT_TRUE(GetParam()->run(problem, {}).has_value());
  ASSERT_TRUE(problem.best().has_value());
  EXPECT_LE(SummedLoss(ladder.losses, problem.best()->assignment), bound);
  EXPECT_LE(asked, 60U);
  EXPECT_LE(problem.best()->objective, Totals(space, Assignment(10, 0))[0]);
}

TEST_P(EveryStrategy, GivesTheSameAgain) {
  const Ladder ladder = MakeLadder(8, 5);
  const SearchSpace space = Separable(ladder.losses, ladder.costs);
  const auto run = [&] {
    Problem problem(space, MinimizeCost(space, 0), Additive(ladder.losses, 0.2), Facts(ladder), {});
    EXPECT_TRUE(GetParam()->run(problem, {}).has_value());
    return problem.best()->assignment;
  };
  EXPECT_EQ(run(), run());
}

TEST_P(EveryStrategy, LeavesNothingWhereNothingIsAllowed) {
  const Ladder ladder = MakeLadder(4, 7);
  const SearchSpace space = Separable(ladder.losses, ladder.costs);
  Problem problem(space, MinimizeCost(space, 0), Additive(ladder.losses, -1), Facts(ladder), {});
  ASSERT_TRUE(GetParam()->run(problem, {}).has_value());
  EXPECT_FALSE(problem.best().has_value());
  EXPECT_FALSE(problem.measured().empty());
}

TEST_P(EveryStrategy, PassesOnTheErrorOfTheOracle) {
  const Ladder ladder = MakeLadder(4, 7);
  const SearchSpace space = Separable(ladder.losses, ladder.costs);
  const Oracle oracle = [](const Assignment&, Fidelity) -> Expected<Verdict> {
    return Fail("the disk is full");
  };
  Problem problem(space, MinimizeCost(space, 0), oracle, Facts(ladder), {});
  const Expected<void> outcome = GetParam()->run(problem, {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().message, "the disk is full");
}

INSTANTIATE_TEST_SUITE_P(Strategies, EveryStrategy,
                         ::testing::ValuesIn(strategies::All().begin(), strategies::All().end()),
                         [](const auto& entry) {
                           std::string name(entry.param->name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// With an oracle that adds up there is nothing to learn: the exact optimum is expected.
TEST(Pareto, FindsTheOptimumWhereLossesAddUp) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Ladder ladder = MakeLadder(12, seed);
    const SearchSpace space = Separable(ladder.losses, ladder.costs);
    Problem problem(space, MinimizeCost(space, 0), Additive(ladder.losses, 0.25), Facts(ladder),
                    {});
    ASSERT_TRUE((*FindStrategy("pareto"))->run(problem, {}).has_value());
    const KnapsackResult exact = SolveKnapsack(ladder.losses, ladder.costs, 0.25);
    ASSERT_TRUE(exact.optimal);
    EXPECT_LE(problem.best()->objective, 1.01 * SummedLoss(ladder.costs, exact.assignment))
        << "seed " << seed;
  }
}

// A layer is as slow as the wider of its two operands, so that no single step pays.
TEST(Pareto, FindsTheOptimumWhereOnlyPairsPay) {
  constexpr std::size_t kDecisions = 8, kChoices = 3, kAll = 6561;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Rng rng(seed);
    SearchSpace space;
    for (std::size_t d = 0; d < kDecisions; ++d) {
      const double sensitivity = rng.Uniform(0.5, 5);
      space.losses.push_back({0, sensitivity, 16 * sensitivity});
    }
    space.costs = {{"latency", false, 0, {}}};
    for (std::size_t d = 0; d < kDecisions; d += 2) {
      const double size = rng.Uniform(1, 20);
      const auto slower = [size](std::span<const std::size_t> c) {
        return size / static_cast<double>(1 + std::min(c[0], c[1]));
      };
      space.costs[0].terms.push_back({{d, d + 1}, slower});
    }
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kAll; ++i) {
      Assignment a;
      for (std::size_t rest = i; a.size() < kDecisions; rest /= kChoices)
        a.push_back(rest % kChoices);
      if (SummedLoss(space.losses, a) <= 20) least = std::min(least, Totals(space, a)[0]);
    }
    Problem problem(space, MinimizeCost(space, 0), Additive(space.losses, 20), {}, {});
    ASSERT_TRUE((*FindStrategy("pareto"))->run(problem, {}).has_value());
    EXPECT_NEAR(problem.best()->objective, least, 1e-9) << "seed " << seed;
  }
}

// The accuracy refuses what bisection asks about just before the constraint is met, and allows more
// beyond.
TEST(Pareto, MeetsConstraintsThatBisectionMisses) {
  const Ladder ladder = MakeLadder(8, 3);
  SearchSpace space = Separable(ladder.losses, ladder.costs);
  const auto path = MakePath(space, space.losses, MinimizeCost(space, 0));
  const std::size_t first = path.size() / 2;
  const double limit = path[first].merit;
  Demand demand = MinimizeCost(space, 0);
  demand.weights.clear();
  demand.constraints.push_back({"cost", [](std::span<const double> t) { return t[0]; }, limit});
  const Oracle oracle = [&](const Assignment& a, Fidelity) -> Expected<Verdict> {
    const double cost = Totals(space, a)[0], loss = SummedLoss(space.losses, a);
    const bool allowed = cost > 1.3 * limit || (cost < limit && cost > 0.9 * limit);
    return Verdict{allowed, allowed ? 1.0 : -1.0, loss};
  };
  Problem problem(space, demand, oracle, Facts(ladder), {});
  ASSERT_TRUE((*FindStrategy("pareto"))->run(problem, {}).has_value());
  ASSERT_TRUE(problem.best().has_value());
  EXPECT_LE(problem.best()->objective, limit);
}

TEST(FindStrategy, NamesTheNearest) {
  const auto found = FindStrategy("paretto");
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().message.find("nearest is 'pareto'"), std::string::npos);
}

}  // namespace
}  // namespace bw
