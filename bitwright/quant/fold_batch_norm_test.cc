#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/quant/pass.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Pads;
using testing_networks::Random;

ValueId BatchNorm(Network& net, ValueId input, const std::string& output, std::int64_t channels,
                  std::uint64_t seed) {
  const ValueId gamma = net.Constant(output + ".gamma", Random({channels}, seed, -2, 2));
  const ValueId beta = net.Constant(output + ".beta", Random({channels}, seed + 1));
  const ValueId mean = net.Constant(output + ".mean", Random({channels}, seed + 2));
  const ValueId variance = net.Constant(output + ".var", Random({channels}, seed + 3, 0.01, 3));
  return net.Op("BatchNormalization", {input, gamma, beta, mean, variance}, output,
                Attrs({{"epsilon", 1e-3F}}));
}

std::vector<float> Result(const Graph& graph, const Tensor& input) {
  Executor executor =
      Executor::Create(graph, {input.shape()}, {Backend::kReference, false}).value();
  executor.Run(std::vector<ConstTensorRef>{input});
  const std::span<const float> output = executor.Output(0).span<float>();
  return {output.begin(), output.end()};
}

// The same network with every term of its sums made positive: what it computes bounds the
// magnitude of all that was added up.
Graph Magnitudes(Graph graph) {
  for (Value& value : graph.values) {
    if (!value.constant) continue;
    const bool mean = value.name.ends_with(".mean");
    for (float& x : value.constant->span<float>()) x = mean ? -std::abs(x) : std::abs(x);
  }
  for (Node& node : graph.nodes) {
    for (const char* name : {"alpha", "beta"}) {
      if (node.attributes.Has(name))
        node.attributes.Set(name, std::abs(node.attributes.Float(name, 1)));
    }
  }
  return graph;
}

std::size_t CountOf(const Graph& graph, std::string_view op) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes) count += node.op->name == op ? 1 : 0;
  return count;
}

// Folding rounds each weight and bias once (2^-24 of each term); before it, the layer's result, the
// factor and the offset were rounded: eight half units of the summed magnitudes cover both sides.
void ExpectSameOutputs(const Graph& before, const Graph& after, const Tensor& input) {
  Tensor magnitude = input;
  for (float& x : magnitude.span<float>()) x = std::abs(x);
  const std::vector<float> law = Result(before, input), folded = Result(after, input);
  const std::vector<float> size = Result(Magnitudes(before), magnitude);
  ASSERT_EQ(law.size(), folded.size());
  bool differs = false;
  for (std::size_t i = 0; i < law.size(); ++i) {
    ASSERT_NEAR(law[i], folded[i], 8 * 0x1p-24 * static_cast<double>(size[i])) << i;
    differs = differs || law[i] != 0;
  }
  EXPECT_TRUE(differs) << "all outputs are zero";
}

Graph Folded(Graph graph) {
  const Expected<void> done = RunPasses(graph);
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
  return graph;
}

// Folding leaves `op` with the weight's name and no BatchNormalization.
void ExpectFolds(const Graph& before, const std::string& op, const Tensor& input) {
  const Graph after = Folded(before);
  EXPECT_EQ(CountOf(after, "BatchNormalization"), 0U);
  ASSERT_EQ(after.nodes.size(), before.nodes.size() - 1);
  for (const Node& node : after.nodes) {
    if (node.op->name != op) continue;
    EXPECT_EQ(after.value(node.inputs.at(1)).name, "y.w");
    EXPECT_EQ(node.inputs.size(), 3U);
  }
  ExpectSameOutputs(before, after, input);
}

void ExpectStays(const Graph& before, const Tensor& input) {
  const Graph after = Folded(before);
  EXPECT_EQ(ToText(after), ToText(before));
  ExpectSameOutputs(before, after, input);
}

struct ConvCase {
  Shape weight;
  std::int64_t group = 1;
  bool bias = false;
};

Graph ConvThenNorm(const ConvCase& c, const std::string& op = "Conv") {
  Network net;
  const std::int64_t inputs = op == "Conv" ? c.weight[1] * c.group : c.weight[0];
  const std::int64_t outputs = op == "Conv" ? c.weight[0] : c.weight[1] * c.group;
  const ValueId x = net.Input("x", {-1, inputs, 5, 7});
  std::vector<ValueId> operands = {x, net.Constant("y.w", Random(c.weight, 11))};
  if (c.bias) operands.push_back(net.Constant("y.b", Random({outputs}, 12)));
  Attributes attributes = Pads(1);
  attributes.Set("group", c.group);
  const ValueId y = net.Op(op, operands, "y", attributes);
  return net.Finish({net.Op("Relu", {BatchNorm(net, y, "n", outputs, 13)}, "z")});
}

TEST(FoldBatchNorm, KeepsWhatAConvolutionComputes) {
  for (const ConvCase& c : {ConvCase{{6, 3, 3, 3}}, ConvCase{{6, 3, 3, 3}, 1, true},
                            ConvCase{{6, 2, 3, 3}, 2, true}, ConvCase{{4, 1, 3, 3}, 4, false},
                            ConvCase{{8, 1, 3, 3}, 4, true}, ConvCase{{1, 3, 1, 1}, 1, true}}) {
    SCOPED_TRACE(ShapeText(c.weight));
    const std::int64_t inputs = c.weight[1] * c.group;
    ExpectFolds(ConvThenNorm(c), "Conv", Random({2, inputs, 5, 7}, 1));
  }
}

TEST(FoldBatchNorm, KeepsWhatATransposedConvolutionComputes) {
  for (const bool bias : {false, true}) {
    ExpectFolds(ConvThenNorm({{3, 6, 3, 3}, 1, bias}, "ConvTranspose"), "ConvTranspose",
                Random({2, 3, 5, 7}, 1));
  }
}

TEST(FoldBatchNorm, LeavesAGroupedTransposedConvolutionAlone) {
  ExpectStays(ConvThenNorm({{4, 2, 3, 3}, 2, true}, "ConvTranspose"), Random({2, 4, 5, 7}, 1));
}

// y = alpha A B + beta C with C of this shape (empty vector of shapes: no C).
Graph GemmThenNorm(std::int64_t transposed, const std::vector<Shape>& bias,
                   std::int64_t rows = -1) {
  Network net;
  const ValueId x = net.Input("x", {rows, 3});
  std::vector<ValueId> operands = {
      x, net.Constant("y.w", Random(transposed != 0 ? Shape{4, 3} : Shape{3, 4}, 11))};
  if (!bias.empty()) operands.push_back(net.Constant("y.b", Random(bias[0], 12)));
  const ValueId y = net.Op("Gemm", operands, "y",
                           Attrs({{"transB", transposed}, {"alpha", -0.7F}, {"beta", 1.5F}}));
  return net.Finish({BatchNorm(net, y, "n", 4, 13)});
}

TEST(FoldBatchNorm, KeepsWhatAMatrixProductComputes) {
  for (const std::int64_t transposed : {0, 1}) {
    for (const std::vector<Shape>& bias :
         {std::vector<Shape>{}, std::vector<Shape>{{4}}, std::vector<Shape>{{1, 4}}}) {
      ExpectFolds(GemmThenNorm(transposed, bias), "Gemm", Random({5, 3}, 1));
    }
  }
}

TEST(FoldBatchNorm, LeavesABiasThatIsNotByChannelAlone) {
  const Tensor input = Random({4, 3}, 1);
  ExpectStays(GemmThenNorm(1, {{4, 1}}, 4), input);  // one for each row
  ExpectStays(GemmThenNorm(1, {{1}}), input);
}

TEST(FoldBatchNorm, LeavesALayerThatIsReadTwiceAlone) {
  Network net;
  const ValueId y = net.Conv(net.Input("x", {-1, 3, 4, 4}), "y", {3, 3, 3, 3}, 5);
  const ValueId n = BatchNorm(net, y, "n", 3, 6);
  ExpectStays(net.Finish({net.Op("Add", {n, y}, "z")}), Random({1, 3, 4, 4}, 1));
}

TEST(FoldBatchNorm, LeavesALayerThatIsAnOutputAlone) {
  Network net;
  const ValueId y = net.Conv(net.Input("x", {-1, 3, 4, 4}), "y", {3, 3, 3, 3}, 5);
  const ValueId n = BatchNorm(net, y, "n", 3, 6);
  ExpectStays(net.Finish({n, y}), Random({1, 3, 4, 4}, 1));
}

TEST(FoldBatchNorm, LeavesANormalizationThatStandsAloneAlone) {
  Network first;
  const ValueId x = first.Input("x", {-1, 3, 4, 4});
  ExpectStays(first.Finish({BatchNorm(first, x, "n", 3, 6)}), Random({1, 3, 4, 4}, 1));
  Network behind_relu;
  const ValueId y = behind_relu.Conv(behind_relu.Input("x", {-1, 3, 4, 4}), "y", {3, 3, 3, 3}, 5);
  const ValueId r = behind_relu.Op("Relu", {y}, "r");
  ExpectStays(behind_relu.Finish({BatchNorm(behind_relu, r, "n", 3, 6)}), Random({1, 3, 4, 4}, 1));
}

TEST(FoldBatchNorm, FoldsAWholeChainOfNormalizations) {
  Network net;
  const ValueId y = net.Conv(net.Input("x", {-1, 3, 4, 4}), "y", {3, 3, 3, 3}, 5);
  const Graph before = net.Finish({BatchNorm(net, BatchNorm(net, y, "n", 3, 6), "m", 3, 20)});
  const Graph after = Folded(before);
  EXPECT_EQ(after.nodes.size(), 1U);
  const Tensor input = Random({1, 3, 4, 4}, 1);
  const std::vector<float> law = Result(before, input), folded = Result(after, input);
  const std::vector<float> size = Result(Magnitudes(before), [&] {
    Tensor magnitude = input;
    for (float& x : magnitude.span<float>()) x = std::abs(x);
    return magnitude;
  }());
  for (std::size_t i = 0; i < law.size(); ++i) {
    EXPECT_NEAR(law[i], folded[i], 16 * 0x1p-24 * static_cast<double>(size[i])) << i;
  }
}

TEST(FoldBatchNorm, GivesLayersOfOneWeightTheirOwn) {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 4, 4});
  const ValueId w = net.Constant("w", Random({3, 3, 3, 3}, 5));
  const ValueId a = net.Op("Conv", {x, w}, "a", Pads(1));
  const ValueId b = net.Op("Conv", {BatchNorm(net, a, "na", 3, 6), w}, "b", Pads(1));
  const ValueId c = net.Op("Conv", {BatchNorm(net, b, "nb", 3, 9), w}, "c", Pads(1));
  const Graph before = net.Finish({c});
  const Graph after = Folded(before);
  EXPECT_EQ(after.nodes.size(), 3U);
  const Tensor input = Random({1, 3, 4, 4}, 1);
  const std::vector<float> law = Result(before, input), folded = Result(after, input);
  double top = 0;
  for (const float y : law) top = std::max(top, std::abs(static_cast<double>(y)));
  for (std::size_t i = 0; i < law.size(); ++i) EXPECT_NEAR(law[i], folded[i], 1e-5 * top) << i;
}

}  // namespace
}  // namespace bw
