#include "bitwright/quant/apply.h"

#include <gtest/gtest.h>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Floats;
using testing_networks::Network;
using testing_networks::Random;

struct Bench {
  Graph graph;
  QuantTargets targets;
  std::vector<ActivationStatistics> statistics;

  Bench() {
    Network net;
    const ValueId x = net.Input("x", {-1, 4, 6, 6});
    const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 4, 3, 3}, 1)}, "r");
    graph = net.Finish({net.Conv(a, "b", {2, 4, 1, 1}, 2)});
    targets = FindTargets(graph).value();
    statistics.resize(targets.tensors.size());  // x, a.w, r, b.w
    statistics[0] = {-2, 4, 0, 0, 2, {-2, 4}};
    statistics[2] = {0, 6, 0, 0, 2, {0, 6}};
  }
  Plan PlanWith(const std::string& name, const std::string& spec) const {
    Plan plan;
    plan.network = Fingerprint(targets);
    plan.tensors.emplace(name, TensorPlan{QuantSpec::Parse(spec).value(), "max", {}});
    return plan;
  }
};

TEST(FixScales, CalibratesActivationsByTheirMethod) {
  const Bench bench;
  Plan plan = bench.PlanWith("r", "uint4");
  plan.tensors.emplace("x", TensorPlan{QuantSpec::Parse("uint8:asym").value(), "max", {}});
  plan.tensors.emplace("a.w", TensorPlan{QuantSpec::Parse("int4:c0").value(), "max", {}});
  ASSERT_TRUE(FixScales(plan, bench.targets, bench.statistics).has_value());
  EXPECT_FLOAT_EQ(plan.tensors.at("r").fixed->scale, 6.0F / 15);
  EXPECT_EQ(plan.tensors.at("r").fixed->scaled_for, "uint4");
  EXPECT_FLOAT_EQ(plan.tensors.at("x").fixed->scale, 6.0F / 255);
  EXPECT_EQ(plan.tensors.at("x").fixed->zero, 85);
  EXPECT_FALSE(plan.tensors.at("a.w").fixed.has_value());
}

TEST(FixScales, KeepsAScaleThatStandsAndReplacesAStaleOne) {
  const Bench bench;
  Plan plan = bench.PlanWith("r", "uint4");
  TensorPlan& tensor = plan.tensors.at("r");
  tensor.fixed = FixedScale{0.25F, 0, "uint4"};
  ASSERT_TRUE(FixScales(plan, bench.targets, {}).has_value());
  EXPECT_EQ(tensor.fixed->scale, 0.25F);
  tensor.fixed->scaled_for = "uint8";
  ASSERT_TRUE(FixScales(plan, bench.targets, bench.statistics).has_value());
  EXPECT_FLOAT_EQ(tensor.fixed->scale, 6.0F / 15);
}

TEST(FixScales, SaysWhatIsMissing) {
  const Bench bench;
  Plan plan = bench.PlanWith("r", "uint4");
  EXPECT_EQ(FixScales(plan, bench.targets, {}).error().message,
            "activation 'r' has no scale for spec 'uint4'; give calibration data with --data");
  plan = bench.PlanWith("r", "int4:b4");
  EXPECT_EQ(FixScales(plan, bench.targets, bench.statistics).error().message,
            "spec 'int4:b4' for activation 'r': activations take one scale per tensor, or blocks "
            "along axis 1 under e8m0 or two levels; leave the grain out");
}

TEST(ApplyPlan, GivesWeightsTheirCodesAndLeavesTheRestAlone) {
  const Bench bench;
  const Graph result =
      ApplyPlan(bench.graph, bench.targets, bench.PlanWith("a.w", "int4:c0:fp16")).value();
  EXPECT_EQ(result.nodes.size(), bench.graph.nodes.size());
  for (std::size_t v = 0; v < result.values.size(); ++v) {
    const Value& value = result.values[v];
    EXPECT_EQ(value.quantized.has_value(), value.name == "a.w");
    if (!value.constant) continue;
    const std::span<const float> own = value.constant->span<float>();
    const std::span<const float> before = bench.graph.values[v].constant->span<float>();
    EXPECT_EQ(std::equal(own.begin(), own.end(), before.begin()), value.name != "a.w");
    if (!value.quantized) continue;
    EXPECT_EQ(value.quantized->spec.ToString(), "int4:c0:fp16");
    const std::vector<Code> codes = Unpack(value.quantized->codes, 4, own.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      const double code = Format::Parse("int4").value().Decode(codes[i]);
      EXPECT_EQ(own[i], static_cast<float>(value.quantized->params.scales[i / 36] * code)) << i;
    }
  }
}

TEST(ApplyPlan, RoundsAnActivationForAllItsReaders) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId r = net.Op("Relu", {net.Conv(x, "a", {4, 4, 3, 3}, 1)}, "r");
  const ValueId sum = net.Op("Add", {net.Conv(r, "b", {4, 4, 3, 3}, 2), r}, "sum");
  const Graph graph = net.Finish({net.Conv(sum, "c", {1, 4, 1, 1}, 3)});
  const QuantTargets targets = FindTargets(graph).value();
  Plan plan;
  plan.network = Fingerprint(targets);
  plan.tensors.emplace(
      "r", TensorPlan{QuantSpec::Parse("uint4").value(), "max", FixedScale{0.5F, 0, "uint4"}});
  const Graph result = ApplyPlan(graph, targets, plan).value();
  int rounded = 0, raw = 0;
  for (const Node& node : result.nodes) {
    for (const ValueId id : node.inputs) {
      if (result.value(id).name == "r.rounded") ++rounded;
      if (result.value(id).name == "r") ++raw;
    }
  }
  EXPECT_EQ(rounded, 2);
  EXPECT_EQ(raw, 1);  // the rounding itself
}

TEST(ApplyPlan, NamesTheTensorThatDoesNotTakeItsSpec) {
  const Bench bench;
  const Expected<Graph> result =
      ApplyPlan(bench.graph, bench.targets, bench.PlanWith("a.w", "int4:b7"));
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("spec 'int4:b7' for 'a.w': "))
      << result.error().message;
  EXPECT_EQ(ApplyPlan(bench.graph, bench.targets, bench.PlanWith("r", "uint4")).error().message,
            "activation 'r' has no scale for spec 'uint4'; give calibration data with --data");
}

}  // namespace
}  // namespace bw
