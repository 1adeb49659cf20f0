#include "bitwright/quant/scale_channels.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Floats;
using testing_networks::Network;
using testing_networks::Random;
using testing_networks::RandomClassifier;

ValueId Named(const Graph& graph, const std::string& name) {
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].name == name) return static_cast<ValueId>(v);
  }
  ADD_FAILURE() << name;
  return kNoValue;
}

Tensor Output(const Graph& graph, const Tensor& input) {
  Executor executor = Executor::Create(graph, {input.shape()}, {Backend::kReference, true}).value();
  const ConstTensorRef ref = input;
  executor.Run({&ref, 1});
  const ConstTensorRef out = executor.Output(0);
  Tensor copy(out.dtype, out.shape);
  std::copy_n(out.span<float>().begin(), out.size(), copy.span<float>().begin());
  return copy;
}

void ExpectSame(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  double energy = 0;
  for (const float x : a.span<float>()) energy += static_cast<double>(x) * x;
  const double tolerance = 1e-4 * std::sqrt(energy / static_cast<double>(a.size()));
  for (std::size_t i = 0; i < a.span<float>().size(); ++i)
    EXPECT_NEAR(a.span<float>()[i], b.span<float>()[i], tolerance);
}

// Factors of 1/4 to 4 for every class that may have one.
std::vector<float> RandomFactors(const ChannelClasses& classes, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> factors(classes.count(), 1.0F);
  for (std::size_t k = 0; k < factors.size(); ++k) {
    if (!classes.IsFixed(static_cast<int>(k)))
      factors[k] = static_cast<float>(std::exp2(rng.Uniform(-2, 2)));
  }
  return factors;
}

TEST(ScaleChannels, KeepsWhatARandomNetworkComputes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Graph graph = RandomClassifier(seed, 12);
    const ChannelClasses classes = ChannelClasses::Find(graph).value();
    const std::vector<float> factors = RandomFactors(classes, seed);
    Graph scaled = graph;
    ASSERT_TRUE(ScaleChannels(scaled, FactorsByLayer(graph, classes, factors))) << seed;
    const Tensor input = Random({3, 4, 6, 6}, seed + 100);
    ExpectSame(Output(graph, input), Output(scaled, input));
  }
}

// Every operator that ties channels, and a constant that is added.
Graph LongNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 8, 8});
  const ValueId a = net.Op("LeakyRelu", {net.Conv(x, "a", {4, 3, 3, 3}, 1)}, "ra");
  const ValueId shift = net.Constant("shift", Random({4, 1, 1}, 2));
  const ValueId b = net.Op("Add", {a, shift}, "b");
  const ValueId d = net.Op("Relu", {net.Conv(b, "d", {4, 1, 3, 3}, 3, 4)}, "rd");
  const ValueId both = net.Op("Concat", {b, d}, "both", Attrs({{"axis", std::int64_t{1}}}));
  Attributes window;
  window.Set("kernel_shape", std::vector<std::int64_t>{2, 2});
  window.Set("strides", std::vector<std::int64_t>{2, 2});
  const ValueId pooled = net.Op("MaxPool", {both}, "pooled", window);
  const ValueId pads = net.Constant(
      "pads", Tensor::From<std::int64_t>({8}, std::vector<std::int64_t>{0, 1, 1, 1, 0, 1, 1, 1}));
  const ValueId padded = net.Op("Pad", {pooled, pads}, "padded");
  const ValueId e = net.Op("Relu", {net.Conv(padded, "e", {6, 5, 3, 3}, 4, 2)}, "re");
  const ValueId mean = net.Op("AveragePool", {e}, "mean", window);
  const ValueId flat = net.Op("Flatten", {mean}, "flat");
  const ValueId hidden = net.Op("Relu", {net.Linear(flat, "hidden", 7, 6 * 9, 5)}, "rh");
  return net.Finish({net.Linear(hidden, "scores", 5, 7, 6)});
}

TEST(ScaleChannels, GoesThroughEveryOperatorThatCommutesWithFactors) {
  const Graph graph = LongNetwork();
  const ChannelClasses classes = ChannelClasses::Find(graph).value();
  for (const char* name : {"a", "d", "e", "hidden"}) {
    for (const int k : classes.Of(Named(graph, name))) EXPECT_FALSE(classes.IsFixed(k)) << name;
  }
  Graph scaled = graph;
  ASSERT_TRUE(ScaleChannels(scaled, FactorsByLayer(graph, classes, RandomFactors(classes, 9))));
  const Tensor input = Random({2, 3, 8, 8}, 11);
  ExpectSame(Output(graph, input), Output(scaled, input));
}

TEST(ChannelClasses, FixesWhatOperatorsThatDoNotCommuteRead) {
  Network net;
  const ValueId x = net.Input("x", {-1, 2, 4, 4});
  const ValueId a = net.Op("Sigmoid", {net.Conv(x, "a", {2, 2, 1, 1}, 1)}, "gate");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {2, 2, 1, 1}, 2)}, "rb");
  const Graph graph = net.Finish({net.Conv(b, "c", {2, 2, 1, 1}, 3)});
  const ChannelClasses classes = ChannelClasses::Find(graph).value();
  EXPECT_TRUE(classes.IsFixed(classes.Of(Named(graph, "x"))[0]));
  EXPECT_TRUE(classes.IsFixed(classes.Of(Named(graph, "a"))[0]));
  EXPECT_FALSE(classes.IsFixed(classes.Of(Named(graph, "b"))[0]));
  EXPECT_EQ(classes.Of(Named(graph, "b")), classes.Of(Named(graph, "rb")));
  EXPECT_TRUE(classes.IsFixed(classes.Of(Named(graph, "c"))[0]));
}

TEST(ChannelClasses, KnowsTheBoundOfAClip) {
  Network net;
  const ValueId x = net.Input("x", {-1, 2, 4, 4});
  const ValueId low = net.Constant("low", Floats({}, {0}));
  const ValueId high = net.Constant("high", Floats({}, {6}));
  const ValueId a = net.Op("Clip", {net.Conv(x, "a", {2, 2, 1, 1}, 1), low, high}, "ca");
  const Graph graph = net.Finish({net.Conv(a, "b", {2, 2, 1, 1}, 2)});
  const ChannelClasses classes = ChannelClasses::Find(graph).value();
  const int k = classes.Of(Named(graph, "a"))[1];
  EXPECT_FALSE(classes.IsFixed(k));
  EXPECT_EQ(classes.Bound(k), 6);
}

std::string ErrorOf(const ChannelScales& scales) {
  Graph graph = LongNetwork();
  const Expected<void> result = ScaleChannels(graph, scales);
  return result ? "" : result.error().message;
}

TEST(ScaleChannels, RefusesScalesThatDoNotFit) {
  EXPECT_EQ(ErrorOf({{"none", {1}}}),
            "channel scales: 'none' is no output of a layer that can be scaled");
  EXPECT_EQ(ErrorOf({{"hidden", {1, 2}}}), "channel scales of 'hidden': 2 numbers for 7 channels");
  EXPECT_EQ(ErrorOf({{"hidden", {1, 2, 3, 4, 5, 6, -7}}}),
            "channel scales of 'hidden': -7 is no positive number");
  EXPECT_EQ(ErrorOf({{"scores", {2, 1, 1, 1, 1}}}),
            "channel scales of 'scores': 2 for a channel that an operator behind it fixes at 1");
}

}  // namespace
}  // namespace bw
