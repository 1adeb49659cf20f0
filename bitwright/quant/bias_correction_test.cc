#include "bitwright/quant/bias_correction.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

constexpr std::int64_t kSamples = 70;  // two whole chunks and a filled one

// conv without bias -> relu -> depthwise conv -> relu -> scores with bias
Graph MakeNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {8, 3, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {8, 1, 3, 3}, 2, 8)}, "rb");
  const ValueId flat = net.Op("Flatten", {b}, "flat");
  return net.Finish({net.Linear(flat, "scores", 5, 8 * 36, 3)});
}

// All weights in 3 bits, all activations in 4 with much clipped.
Graph Round(const Graph& graph, const Dataset& data) {
  const QuantTargets targets = FindTargets(graph).value();
  Plan plan;
  plan.network = Fingerprint(targets);
  for (const QuantTarget& target : targets.tensors) {
    const bool weight = target.kind == TargetKind::kWeight;
    plan.tensors.emplace(target.name,
                         TensorPlan{QuantSpec::Parse(weight ? "int3:c0" : "int4").value(),
                                    weight ? "max" : "percentile=90", std::nullopt});
  }
  EXPECT_TRUE(FixScales(plan, targets, Calibrate(graph, targets, data, 1, 1).value()));
  return ApplyPlan(graph, targets, plan).value();
}

// The mean of each channel of a value, by the reference kernels.
std::vector<double> ChannelMeans(const Graph& graph, const Tensor& samples, const char* name) {
  Executor executor =
      Executor::Create(graph, {samples.shape()}, {Backend::kReference, true}).value();
  executor.Run(std::vector<ConstTensorRef>{samples});
  const auto named = [&](const Value& value) { return value.name == name; };
  const auto found = std::find_if(graph.values.begin(), graph.values.end(), named);
  const ConstTensorRef values =
      executor.ValueOf(static_cast<ValueId>(found - graph.values.begin()));
  const auto channels = static_cast<std::size_t>(values.shape[1]);
  const std::size_t positions = static_cast<std::size_t>(values.size() / kSamples) / channels;
  std::vector<double> means(channels, 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(values.size()); ++i) {
    means[i / positions % channels] += static_cast<double>(values.span<float>()[i]) /
                                       static_cast<double>(kSamples) /
                                       static_cast<double>(positions);
  }
  return means;
}

struct Bench {
  Tensor samples = Random({kSamples, 3, 6, 6}, 7);
  Dataset data = MakeDataset(samples);
  Graph graph = MakeNetwork();
  Graph rounded = Round(graph, data);
};

void Correct(Graph& rounded, const Graph& original, const Dataset& data, int threads) {
  const LayerBiases biases = CorrectBiases(rounded, original, data, threads).value();
  ASSERT_TRUE(SetBiases(rounded, biases));
}

TEST(CorrectBiases, GivesEveryLayerItsMeanOutputAgain) {
  Bench bench;
  double worst_before = 0;
  for (const char* layer : {"a", "b", "scores"}) {
    const auto wanted = ChannelMeans(bench.graph, bench.samples, layer);
    const auto before = ChannelMeans(bench.rounded, bench.samples, layer);
    for (std::size_t c = 0; c < wanted.size(); ++c)
      worst_before = std::max(worst_before, std::abs(before[c] - wanted[c]));
  }
  EXPECT_GT(worst_before, 0.05);
  Correct(bench.rounded, bench.graph, bench.data, 2);
  ASSERT_TRUE(Verify(bench.rounded));
  for (const char* layer : {"a", "b", "scores"}) {
    const auto wanted = ChannelMeans(bench.graph, bench.samples, layer);
    const auto after = ChannelMeans(bench.rounded, bench.samples, layer);
    // The kernels' sums differ in order; a few values may cross a rounding threshold.
    for (std::size_t c = 0; c < wanted.size(); ++c)
      EXPECT_NEAR(after[c], wanted[c], 2e-3) << layer << " " << c;
  }
}

TEST(CorrectBiases, MovesOnlyTheLastOfTheSettled) {
  const Bench bench;
  const LayerBiases all = CorrectBiases(bench.rounded, bench.graph, bench.data, 1).value();
  LayerBiases settled = all;
  for (auto& [unused, values] : settled) {
    for (float& value : values) value += 0.01F;
  }
  Graph graph = bench.rounded;
  ASSERT_TRUE(SetBiases(graph, settled));
  const LayerBiases after =
      CorrectBiases(graph, bench.graph, bench.data, 1, 1e12, {}, settled).value();
  EXPECT_EQ(after.at("a"), settled.at("a"));
  EXPECT_EQ(after.at("b"), settled.at("b"));
  ASSERT_TRUE(SetBiases(graph, after));
  const auto wanted = ChannelMeans(bench.graph, bench.samples, "scores");
  const auto found = ChannelMeans(graph, bench.samples, "scores");
  for (std::size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(found[c], wanted[c], 1e-4);
}

TEST(CorrectBiases, DoesNotDependOnThreads) {
  Bench one, four;
  Correct(one.rounded, one.graph, one.data, 1);
  Correct(four.rounded, four.graph, four.data, 4);
  ASSERT_EQ(one.rounded.values.size(), four.rounded.values.size());
  for (std::size_t i = 0; i < one.rounded.values.size(); ++i) {
    const Value &a = one.rounded.values[i], &b = four.rounded.values[i];
    if (!a.constant || a.type.dtype != DType::kFloat32) continue;
    EXPECT_TRUE(std::ranges::equal(a.constant->span<float>(), b.constant->span<float>())) << a.name;
  }
}

TEST(SetBiases, RefusesOtherNamesAndLengths) {
  Bench bench;
  const auto unknown = SetBiases(bench.rounded, {{"nobody", {1, 2}}});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("0 of 1 names"), std::string::npos);
  const auto shorter = SetBiases(bench.rounded, {{"a", {1, 2}}});
  ASSERT_FALSE(shorter);
  EXPECT_NE(shorter.error().message.find("'a' has 2 numbers, its layer has 8 channels"),
            std::string::npos)
      << shorter.error().message;
}

TEST(Plan, KeepsItsBiasesInText) {
  Plan plan;
  plan.biases["conv1"] = {0.1F, -3e-9F, 7};
  const Plan again = PlanFromJson(PlanToJson(plan), "plan.json").value();
  EXPECT_EQ(again.biases, plan.biases);
  EXPECT_FALSE(PlanFromJson(
      R"({"bitwright_plan": 1, "network": "", "tensors": {}, "biases": {"a": ["x"]}})", "p"));
}

TEST(CorrectBiases, LeavesABiasThatTwoLayersShareToTheOther) {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId flat = net.Op("Flatten", {x}, "flat");
  const ValueId b = net.Constant("b", Random({4}, 5));
  const auto linear = [&](const char* name, std::uint64_t seed) {
    const ValueId w = net.Constant(std::string(name) + ".w", Random({4, 108}, seed));
    return net.Op("Gemm", {flat, w, b}, name,
                  testing_networks::Attrs({{"transB", std::int64_t{1}}}));
  };
  const ValueId p = linear("p", 1), q = linear("q", 2);
  const Graph graph = net.Finish({net.Op("Sub", {p, q}, "difference")});
  const Tensor samples = Random({kSamples, 3, 6, 6}, 7);
  const Dataset data = MakeDataset(samples);
  Graph rounded = Round(graph, data);
  Correct(rounded, graph, data, 1);
  for (const char* layer : {"p", "q"}) {
    const auto wanted = ChannelMeans(graph, samples, layer);
    const auto after = ChannelMeans(rounded, samples, layer);
    for (std::size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(after[c], wanted[c], 1e-4);
  }
}

}  // namespace
}  // namespace bw
