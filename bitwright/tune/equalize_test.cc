#include "bitwright/tune/equalize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

// conv, relu -> conv -> scores; every second channel of the first is so many times as small.
Graph MakeNetwork(float smaller) {
  Network net;
  const ValueId x = net.Input("x", {-1, 2, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {8, 2, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {8, 8, 3, 3}, 2)}, "rb");
  const ValueId flat = net.Op("Flatten", {b}, "flat");
  Graph graph = net.Finish({net.Linear(flat, "scores", 4, 8 * 36, 4)});
  for (Value& value : graph.values) {
    if (!value.constant || value.name != "a.w") continue;
    const std::span<float> weight = value.constant->span<float>();
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] /= i / 18 % 2 == 0 ? 1 : smaller;
  }
  return graph;
}

struct Case {
  Graph graph;
  QuantTargets targets = FindTargets(graph).value();
  Dataset data = MakeDataset(Random({64, 2, 6, 6}, 7));
  TuneOptions options = {};

  explicit Case(Graph network) : graph(std::move(network)) {}

  SearchNetwork Make() const {
    return MakeSearchNetwork(graph, targets, data, *FindMetric("agreement"), options).value();
  }
};

std::vector<float> Outputs(const Graph& graph, const Dataset& data) {
  const Tensor samples = data.Batch(0, data.size()).value();
  Executor executor =
      Executor::Create(graph, {samples.shape()}, {Backend::kReference, false}).value();
  executor.Run(std::vector<ConstTensorRef>{samples});
  const std::span<const float> scores = executor.Output(0).span<float>();
  return {scores.begin(), scores.end()};
}

TEST(MakeSearchNetwork, EqualizesUnevenChannelsAndKeepsTheFunction) {
  const Case uneven(MakeNetwork(20));
  const SearchNetwork network = uneven.Make();
  ASSERT_TRUE(network.channel_scales.contains("a"));
  const std::vector<float> before = Outputs(uneven.graph, uneven.data);
  const std::vector<float> after = Outputs(*network.graph, uneven.data);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(before[i], after[i], 1e-4 * (1 + std::abs(before[i])));
}

TEST(MakeSearchNetwork, StatisticsAreThoseOfTheEqualizedNetwork) {
  const Case uneven(MakeNetwork(20));
  const SearchNetwork network = uneven.Make();
  const auto fresh = Calibrate(*network.graph, uneven.targets, uneven.data, 1, 1).value();
  for (std::size_t t = 0; t < fresh.size(); ++t)
    EXPECT_NEAR(network.statistics[t].max, fresh[t].max, 1e-4 * (1 + std::abs(fresh[t].max)));
}

TEST(MakeSearchNetwork, IsTheUsersWithoutTheMethod) {
  Case uneven(MakeNetwork(20));
  uneven.options.methods = MethodsFor(Effort::kFast, {}).value();
  const SearchNetwork network = uneven.Make();
  EXPECT_TRUE(network.channel_scales.empty());
  EXPECT_EQ(Outputs(*network.graph, uneven.data), Outputs(uneven.graph, uneven.data));
}

TEST(MakeSearchNetwork, DoesNotDependOnTheNumberOfThreads) {
  Case uneven(MakeNetwork(20));
  uneven.options.threads = 1;
  const ChannelScales one = uneven.Make().channel_scales;
  uneven.options.threads = 3;
  EXPECT_EQ(one, uneven.Make().channel_scales);
}

}  // namespace
}  // namespace bw
