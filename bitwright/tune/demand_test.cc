#include "bitwright/tune/demand.h"

#include <gtest/gtest.h>

#include "bitwright/cost/test_network.h"

namespace bw {
namespace {

// The residual network stores 1700 bytes of weights and 2964 of activations as float32.
struct Bench {
  Graph graph = testing_cost::ResidualNetwork();
  QuantTargets targets = FindTargets(graph).value();
  LayerCosts costs = LayerCosts::Create(graph, targets, nullptr).value();

  ReadyDemand Read(const std::string& minimize, std::vector<std::string> subject_to = {}) const {
    Expected<ReadyDemand> demand = ReadDemand({minimize, {}, std::move(subject_to)}, costs);
    EXPECT_TRUE(demand.has_value()) << (demand ? "" : demand.error().message);
    return std::move(demand).value();
  }
  std::string Refusal(const std::string& minimize, std::vector<std::string> subject_to = {}) const {
    const auto demand = ReadDemand({minimize, {}, std::move(subject_to)}, costs);
    return demand ? "accepted" : demand.error().message;
  }
};

TEST(ReadDemand, ReadsOnlyWhatTheFormulasNeed) {
  const ReadyDemand demand = Bench().Read("bytes");
  EXPECT_EQ(demand.quantities, (std::vector<Quantity>{Quantity::kBytes}));
  EXPECT_EQ(demand.demand.objective(std::vector<double>{7}), 7);
  EXPECT_EQ(demand.demand.weights, (std::vector<double>{1}));
}

TEST(ReadDemand, KnowsTheOldNames) {
  const Bench bench;
  EXPECT_EQ(bench.Read("total").quantities, (std::vector<Quantity>{Quantity::kBytes}));
  const ReadyDemand weights = bench.Read("weights");
  EXPECT_EQ(weights.quantities,
            (std::vector<Quantity>{Quantity::kWeightBytes, Quantity::kActivationBytes}));
  EXPECT_NEAR(weights.demand.objective(std::vector<double>{50, 2000}), 52, 1e-9);
  ASSERT_EQ(weights.demand.weights.size(), 2U);
  EXPECT_NEAR(weights.demand.weights[1], 0.001, 1e-12);
}

TEST(ReadDemand, FormulasKnowTheFloatValues) {
  const ReadyDemand demand = Bench().Read("weight_bytes/float_weight_bytes + bit_ops^2");
  EXPECT_EQ(demand.demand.objective(std::vector<double>{850, 3}), 0.5 + 9);
  EXPECT_TRUE(demand.demand.weights.empty());  // no weighted sum
}

TEST(ReadDemand, BoundsTheCostsAndTheDrop) {
  const ReadyDemand demand =
      Bench().Read("bytes", {"drop<=2%", "drop <= 0.5%", "weight_bytes<float_weight_bytes/10",
                             "bit_ops>=5", "weight_bytes<=0.5*activation_bytes"});
  EXPECT_EQ(demand.max_drop, 0.005);
  ASSERT_EQ(demand.demand.constraints.size(), 3U);
  EXPECT_EQ(demand.demand.constraints[0].limit, 170);
  const auto keeps = [&](double bytes, double weights, double activations, double bit_ops) {
    return Keeps(demand.demand, std::vector<double>{bytes, weights, activations, bit_ops});
  };
  EXPECT_TRUE(keeps(500, 170, 340, 5));
  EXPECT_FALSE(keeps(500, 171, 400, 5));
  EXPECT_FALSE(keeps(500, 170, 339, 5));
  EXPECT_FALSE(keeps(500, 170, 340, 4));
}

TEST(ReadDemand, TakesAFunction) {
  const Bench bench;
  DemandText text;
  text.objective = {{Quantity::kPeakBytes, Quantity::kBytes},
                    [](std::span<const double> t) { return t[0] + 1000 * t[1]; }};
  const ReadyDemand demand = ReadDemand(text, bench.costs).value();
  EXPECT_EQ(demand.quantities, (std::vector<Quantity>{Quantity::kBytes, Quantity::kPeakBytes}));
  EXPECT_EQ(demand.demand.objective(std::vector<double>{2, 5}), 2005);
}

TEST(ReadDemand, RefusesWhatItCannotRead) {
  const Bench bench;
  EXPECT_TRUE(
      bench.Refusal("byts").starts_with("--minimize: 'byts': unknown 'byts', nearest is "
                                        "'bytes'"));
  EXPECT_NE(bench.Refusal("latency_ns").find("latency_ns"), std::string::npos);
  EXPECT_EQ(bench.Refusal("float_bytes"),
            "--minimize 'float_bytes': it reads no cost of the plan, at least one is needed");
  EXPECT_TRUE(bench.Refusal("bytes", {"bytes"}).starts_with("--subject-to: 'bytes' is no demand"));
  EXPECT_EQ(bench.Refusal("bytes", {"drop>=1%"}),
            "--subject-to 'drop>=1%': a drop is bounded from above, like drop<=1%");
}

}  // namespace
}  // namespace bw
