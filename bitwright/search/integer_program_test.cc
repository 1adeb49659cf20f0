#include "bitwright/search/integer_program.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "bitwright/base/rng.h"
#include "bitwright/search/knapsack.h"

namespace bw {
namespace {

// HAWQ-V3's integer program for ResNet-18 (ILP.ipynb of its code): mean Hessian traces, squared
// errors of the weights at 8 and 4 bits, parameters and multiplications in millions, measured
// milliseconds on a T4. The optima are by enumeration of all 2^16 assignments.
constexpr double kTrace[] = {0.06857826, 0.03162379, 0.03298575, 0.01205663, 0.02222431,
                             0.00596336, 0.06931772, 0.00807129, 0.00372905, 0.00530698,
                             0.00209011, 0.00737569, 0.00210454, 0.00151197, 0.00158041,
                             0.00078146, 0.00451841, 0.00098745, 0.00072944};
constexpr double kDelta8[] = {0.0235, 0.0125, 0.0102, 0.0082, 0.0145, 0.0344, 0.0023,
                              0.0287, 0.0148, 0.0333, 0.0682, 0.0027, 0.0448, 0.0336,
                              0.0576, 0.113,  0.0102, 0.0947, 0.0532};
constexpr double kDelta4[] = {6.743,   3.9691,  3.3281,  2.6796,  4.7277, 10.5966, 0.6827,
                              9.0942,  4.8857,  10.7599, 21.7546, 0.8603, 14.5324, 10.9651,
                              18.7706, 36.4044, 3.1572,  29.6994, 17.4016};
constexpr double kParameters[] = {0.03515625, 0.03515625, 0.03515625, 0.03515625, 0.0703125,
                                  0.140625,   0.0078125,  0.140625,   0.140625,   0.28125,
                                  0.5625,     0.03125,    0.5625,     0.5625,     1.125,
                                  2.25,       0.125,      2.25,       2.25};
constexpr double kMacs[] = {115.605504, 115.605504, 115.605504, 115.605504, 57.802752,
                            115.605504, 6.422528,   115.605504, 115.605504, 57.802752,
                            115.605504, 6.422528,   115.605504, 115.605504, 57.802752,
                            115.605504, 6.422528,   115.605504, 115.605504};
constexpr double kLatency4[] = {0.21094404, 0.21092674, 0.21104113, 0.21086851, 0.13642465,
                                0.19167506, 0.02532183, 0.19148203, 0.19142914, 0.11395316,
                                0.20556011, 0.01917474, 0.20566918, 0.20566509, 0.13185102,
                                0.22287786, 0.01790088, 0.22304611, 0.22286099};
constexpr double kLatency8[] = {0.36189111, 0.36211718, 0.31141909, 0.30454471, 0.19184896,
                                0.38948934, 0.0334169,  0.38904905, 0.3892859,  0.19134735,
                                0.34307431, 0.02802354, 0.34313329, 0.34310756, 0.21117103,
                                0.37376585, 0.02896843, 0.37398187, 0.37405185};
constexpr std::size_t kLayers = std::size(kTrace);

// Down-sampling layers have the width of the layer that they are added to.
std::size_t TiedTo(std::size_t layer) {
  return layer == 6 ? 4 : layer == 11 ? 9 : layer == 16 ? 14 : layer;
}

struct Hawq {
  std::vector<std::size_t> layers;  // by decision: the first of its layers
  ChoiceTable objective, cost;      // choice 0: 8 bits, 1: 4 bits
};

Hawq MakeProgram(const std::function<double(std::size_t layer, int bits)>& cost) {
  Hawq program;
  for (std::size_t l = 0; l < kLayers; ++l) {
    if (TiedTo(l) != l) continue;
    program.layers.push_back(l);
    program.objective.push_back({0, 0});
    program.cost.push_back({0, 0});
    for (std::size_t tied = l; tied < kLayers; ++tied) {
      if (TiedTo(tied) != l) continue;
      program.objective.back()[0] += kTrace[tied] * (kDelta8[tied] - kDelta4[tied]);
      program.cost.back()[0] += cost(tied, 8);
      program.cost.back()[1] += cost(tied, 4);
    }
  }
  return program;
}

struct Optimum {
  double objective = 0, cost = 0;
  std::string bits;  // by layer
};

Optimum Solve(const Hawq& program, double fraction) {
  double all8 = 0, all4 = 0;
  for (const auto& row : program.cost) {
    all8 += row[0];
    all4 += row[1];
  }
  const auto found =
      SolveIntegerProgram(program.objective, {{program.cost, all4 + fraction * (all8 - all4)}});
  EXPECT_TRUE(found.has_value() && found->has_value());
  const Assignment& assignment = **found;
  Optimum optimum{SummedLoss(program.objective, assignment), SummedLoss(program.cost, assignment),
                  ""};
  for (std::size_t l = 0; l < kLayers; ++l) {
    for (std::size_t d = 0; d < program.layers.size(); ++d) {
      if (program.layers[d] == TiedTo(l)) optimum.bits += assignment[d] == 0 ? '8' : '4';
    }
  }
  return optimum;
}

TEST(HawqV3, SizeHasTheOptimaOfEnumeration) {
  const Hawq program =
      MakeProgram([](std::size_t l, int bits) { return kParameters[l] * bits / 8; });
  const Optimum half = Solve(program, 0.5);
  EXPECT_NEAR(half.objective, -1.233207, 1e-6);
  EXPECT_NEAR(half.cost, 7.2656, 1e-4);
  EXPECT_EQ(half.bits, "8888888888888884844");
  const Optimum quarter = Solve(program, 0.25);
  EXPECT_NEAR(quarter.objective, -1.189414, 1e-6);
  EXPECT_NEAR(quarter.cost, 6.6406, 1e-4);
  const Optimum three = Solve(program, 0.75);
  EXPECT_NEAR(three.objective, -1.274273, 1e-6);
  EXPECT_NEAR(three.cost, 9.2344, 1e-4);
}

TEST(HawqV3, BitOperationsHaveTheOptimaOfEnumeration) {
  const Hawq program =
      MakeProgram([](std::size_t l, int bits) { return kMacs[l] * bits * bits / 1024; });
  const Optimum half = Solve(program, 0.5);
  EXPECT_NEAR(half.objective, -1.092024, 1e-6);
  EXPECT_NEAR(half.cost, 65.028, 1e-3);
  EXPECT_EQ(half.bits, "8884888848884444444");
  EXPECT_NEAR(Solve(program, 0.25).objective, -0.847289, 1e-6);
  EXPECT_NEAR(Solve(program, 0.25).cost, 45.761, 1e-3);
  EXPECT_NEAR(Solve(program, 0.75).objective, -1.227748, 1e-6);
  EXPECT_NEAR(Solve(program, 0.75).cost, 84.296, 1e-3);
}

TEST(HawqV3, LatencyHasTheOptimaOfEnumeration) {
  const Hawq program =
      MakeProgram([](std::size_t l, int bits) { return bits == 8 ? kLatency8[l] : kLatency4[l]; });
  const Optimum half = Solve(program, 0.5);
  EXPECT_NEAR(half.objective, -1.105039, 1e-6);
  EXPECT_NEAR(half.cost, 4.2201, 1e-4);
  EXPECT_EQ(half.bits, "8888848848884484844");
  EXPECT_NEAR(Solve(program, 0.25).objective, -0.847289, 1e-6);
  EXPECT_NEAR(Solve(program, 0.75).objective, -1.227748, 1e-6);
}

// The exact knapsack is the same program with the roles of cost and objective exchanged.
TEST(HawqV3, TheExactKnapsackAgrees) {
  const Hawq program =
      MakeProgram([](std::size_t l, int bits) { return kMacs[l] * bits * bits / 1024; });
  double all8 = 0, all4 = 0;
  for (const auto& row : program.cost) {
    all8 += row[0];
    all4 += row[1];
  }
  const KnapsackResult found = SolveKnapsack(program.cost, program.objective, (all8 + all4) / 2);
  EXPECT_TRUE(found.optimal);
  EXPECT_NEAR(SummedLoss(program.objective, found.assignment), -1.092024, 1e-6);
}

RC_GTEST_PROP(SolveIntegerProgram, FindsWhatTheKnapsackFinds, ()) {
  ChoiceTable losses(*rc::gen::inRange<std::size_t>(1, 6));
  ChoiceTable costs(losses.size());
  for (std::size_t d = 0; d < losses.size(); ++d) {
    for (std::size_t c = *rc::gen::inRange<std::size_t>(1, 5); c > 0; --c) {
      losses[d].push_back(*rc::gen::inRange(0, 40));
      costs[d].push_back(*rc::gen::inRange(0, 40));
    }
  }
  const double bound = *rc::gen::inRange(0, 120);
  const KnapsackResult exact = SolveKnapsack(losses, costs, bound);
  const auto found = SolveIntegerProgram(costs, {{losses, bound}});
  RC_ASSERT(found.has_value());
  RC_ASSERT(found->has_value() == exact.feasible);
  if (!exact.feasible) return;
  RC_ASSERT(SummedLoss(losses, **found) <= bound);
  RC_ASSERT(SummedLoss(costs, **found) == SummedLoss(costs, exact.assignment));
}

// As sums of all layers are where one tensor changes: what choices differ by is far behind what
// they share.
TEST(IntegerProgram, TellsChoicesApartThatShareAlmostAllOfTheirCost) {
  constexpr double kShared = 484012;
  Rng rng(5);
  ChoiceTable damage, saved, cost;
  double most = 0;
  for (std::size_t d = 0; d < 57; ++d) {
    const double size = std::pow(2.0, rng.Uniform(3, 13)), sensitivity = rng.Uniform(1e-8, 1e-4);
    for (ChoiceTable* table : {&damage, &saved, &cost}) table->emplace_back();
    for (int bits = 8; bits >= 2; --bits) {
      damage.back().push_back(sensitivity * std::pow(4.0, 8 - bits));
      saved.back().push_back(size * bits);
      cost.back().push_back(kShared - size * (8 - bits));
    }
    most += size * 4;
  }
  double shift = 0;
  for (std::size_t d = 0; d < cost.size(); ++d) shift += cost[d][0] - saved[d][0];
  const auto found = SolveIntegerProgram(damage, {{cost, most + shift}});
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_LE(SummedLoss(saved, **found), most * (1 + 1e-9));
  const KnapsackResult other = SolveKnapsack(saved, damage, most);
  EXPECT_LE(SummedLoss(damage, **found), SummedLoss(damage, other.assignment) * (1 + 1e-6));
  for (const double edge : {1.0, 1 + 1e-12}) {
    double least = 0;
    for (const std::vector<double>& row : cost) least += row.back();
    const auto narrowest = SolveIntegerProgram(damage, {{cost, least * edge}});
    ASSERT_TRUE(narrowest.has_value() && narrowest->has_value());
    EXPECT_EQ(**narrowest, Assignment(57, 6));
  }
}

}  // namespace
}  // namespace bw
