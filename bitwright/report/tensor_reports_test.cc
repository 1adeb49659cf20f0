#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/report/report.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Floats;
using testing_networks::Network;

// x [4] * weight [4,2]; rounding by hand.
struct Bench {
  Graph graph;
  QuantTargets targets;
  std::vector<ActivationStatistics> statistics;

  Bench() {
    Network net;
    const ValueId x = net.Input("x", {-1, 4});
    const ValueId w = net.Constant("w", Floats({4, 2}, {1, 0, 2, 0.25F, -3, 0.5F, 3, 1}));
    graph = net.Finish({net.Op("MatMul", {x, w}, "y")});
    targets = FindTargets(graph).value();
    statistics.resize(2);
    statistics[0] = {0, 3, 0, 0, 4, {0.4F, 1, 2, 3}};
  }
};

std::vector<TensorReport> Reports(const Bench& bench, const Plan& plan,
                                  const std::vector<ActivationStatistics>& statistics,
                                  const std::vector<Candidate>& chosen) {
  const Graph quantized = ApplyPlan(bench.graph, bench.targets, plan).value();
  return TensorReports(bench.graph, quantized, bench.targets, plan, statistics, chosen).value();
}

TEST(TensorReports, GiveEachTensorsOwnNoise) {
  const Bench bench;
  Plan plan;
  plan.tensors.emplace(
      "x", TensorPlan{QuantSpec::Parse("uint2").value(), "max", FixedScale{1, 0, "uint2"}});
  plan.tensors.emplace("w", TensorPlan{QuantSpec::Parse("int3").value(), "max", {}});
  Candidate chosen{0, plan.tensors.at("x"), 1, 0.5, 0.125};
  const auto reports = Reports(bench, plan, bench.statistics, {chosen});
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].name, "x");
  EXPECT_EQ(reports[0].spec, "uint2");
  EXPECT_EQ(reports[0].bits, 2);
  EXPECT_EQ(reports[0].elements, 4);
  EXPECT_EQ(reports[0].bytes, 1);
  // 0.4 becomes 0, the others stay: 14.16 / 0.16.
  EXPECT_NEAR(reports[0].sqnr_db, 10 * std::log10(14.16 / 0.16), 1e-5);
  EXPECT_EQ(reports[0].sensitivity, 0.125);
  EXPECT_EQ(reports[1].spec, "int3");
  EXPECT_EQ(reports[1].bytes, 3 + 4);
  // int3 is -4..3 and the largest of 3 gets scale 1: 0.25 and 0.5 become 0 (a half to even).
  EXPECT_NEAR(reports[1].sqnr_db, 10 * std::log10((1 + 4 + 9 + 9 + 1 + .0625 + .25) / .3125), 1e-5);
  EXPECT_FALSE(reports[1].sensitivity.has_value());
}

TEST(TensorReports, ATensorThatStaysFloatLosesNothing) {
  const Bench bench;
  const auto reports = Reports(bench, {}, bench.statistics, {});
  ASSERT_EQ(reports.size(), 2U);
  for (const TensorReport& report : reports) {
    EXPECT_EQ(report.spec, "fp32");
    EXPECT_EQ(report.bits, 32);
    EXPECT_EQ(report.bytes, 4 * report.elements);
    EXPECT_TRUE(std::isinf(report.sqnr_db));
  }
}

TEST(TensorReports, TheNoiseOfAnActivationIsUnknownWithoutStatistics) {
  const Bench bench;
  Plan plan;
  plan.tensors.emplace(
      "x", TensorPlan{QuantSpec::Parse("uint2").value(), "max", FixedScale{1, 0, "uint2"}});
  const auto reports = Reports(bench, plan, {}, {});
  EXPECT_TRUE(std::isnan(reports[0].sqnr_db));
}

}  // namespace
}  // namespace bw
