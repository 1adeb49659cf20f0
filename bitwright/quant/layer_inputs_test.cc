#include "bitwright/quant/layer_inputs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

constexpr std::int64_t kSamples = 5, kTaps = 9;

// Stride 2, uneven padding, dilation on one axis: most places of the output meet few taps.
Graph Transposed(std::int64_t groups, std::int64_t second) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 5, 4});
  const ValueId w = net.Constant("w", Random({4, second, 3, 3}, 3));
  Attributes attributes = testing_networks::Attrs({{"strides", std::vector<std::int64_t>{2, 1}},
                                                   {"dilations", std::vector<std::int64_t>{1, 2}},
                                                   {"pads", std::vector<std::int64_t>{1, 0, 0, 2}},
                                                   {"group", groups}});
  return net.Finish({net.Op("ConvTranspose", {x, w}, "y", attributes)});
}

LayerInputs InputsOf(const Graph& graph, const QuantTargets& targets, const Dataset& data) {
  const auto all = CollectLayerInputs(graph, targets, data, 1, 1).value();
  for (std::size_t t = 0; t < all.size(); ++t) {
    if (targets.tensors[t].name == "w") return all[t];
  }
  ADD_FAILURE();
  return {};
}

// By output channel of the group: the vector times the weights, by the operator's definition.
std::vector<double> Products(const LayerInputs& inputs, const Tensor& weight, std::int64_t group,
                             std::int64_t vector) {
  const std::int64_t second = weight.shape()[1], channels = weight.shape()[0] / inputs.groups;
  std::vector<double> products(static_cast<std::size_t>(second), 0.0);
  for (std::int64_t o = 0; o < second; ++o) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t tap = 0; tap < kTaps; ++tap) {
        const std::int64_t element = ((group * channels + c) * second + o) * kTaps + tap;
        const std::int64_t at = (group * inputs.count + vector) * inputs.length + c * kTaps + tap;
        products[static_cast<std::size_t>(o)] +=
            static_cast<double>(weight.span<float>()[static_cast<std::size_t>(element)]) *
            static_cast<double>(inputs.rows[static_cast<std::size_t>(at)]);
      }
    }
  }
  return products;
}

// Some place of some sample has these outputs in the group's channels.
bool Occurs(const std::vector<double>& products, ConstTensorRef output, std::int64_t group) {
  const std::int64_t channels = output.shape[1], plane = output.shape[2] * output.shape[3];
  const auto second = static_cast<std::int64_t>(products.size());
  for (std::int64_t place = 0; place < output.shape[0] * plane; ++place) {
    bool equal = true;
    for (std::int64_t o = 0; o < second; ++o) {
      const std::int64_t channel = place / plane * channels + group * second + o;
      const float y =
          output.span<float>()[static_cast<std::size_t>(channel * plane + place % plane)];
      equal = equal && std::abs(products[static_cast<std::size_t>(o)] - y) < 1e-4;
    }
    if (equal) return true;
  }
  return false;
}

TEST(CollectLayerInputs, OfConvTransposeAreWhatItsOutputsAreMadeOf) {
  for (const std::int64_t groups : {1, 2}) {
    const Graph graph = Transposed(groups, 3);
    const QuantTargets targets = FindTargets(graph).value();
    const Tensor samples = Random({kSamples, 4, 5, 4}, 7);
    const LayerInputs inputs = InputsOf(graph, targets, MakeDataset(samples));
    EXPECT_EQ(inputs.groups, groups);
    EXPECT_EQ(inputs.length, 4 / groups * kTaps);
    Executor executor =
        Executor::Create(graph, {samples.shape()}, {Backend::kReference, true}).value();
    executor.Run(std::vector<ConstTensorRef>{samples});
    const Tensor& weight = *graph.value(graph.nodes[0].inputs[1]).constant;
    for (std::int64_t group = 0; group < groups; ++group) {
      for (std::int64_t i = 0; i < 50; ++i)
        ASSERT_TRUE(Occurs(Products(inputs, weight, group, i), executor.Output(0), group)) << i;
    }
  }
}

// The mean squared error of the network's output when the weight is rounded so.
double OutputError(const Graph& graph, const QuantTargets& targets, const Tensor& samples,
                   WeightRounding rounding) {
  Plan plan;
  TensorPlan entry{QuantSpec::Parse("int3:c1").value(), "mse", std::nullopt};
  entry.rounding = rounding;
  plan.tensors.emplace("w", entry);
  const auto inputs = CollectLayerInputs(graph, targets, MakeDataset(samples), 1, 1).value();
  const WeightCodes codes = QuantizeWeights(graph, targets, plan, inputs, 1).value();
  const Graph rounded = ApplyPlan(graph, targets, plan, codes).value();
  std::vector<Tensor> outputs;
  for (const Graph* network : {&graph, &rounded}) {
    Executor executor =
        Executor::Create(*network, {samples.shape()}, {Backend::kReference, true}).value();
    executor.Run(std::vector<ConstTensorRef>{samples});
    const std::span<const float> y = executor.Output(0).span<float>();
    outputs.push_back(Tensor::From<float>({static_cast<std::int64_t>(y.size())},
                                          std::vector<float>(y.begin(), y.end())));
  }
  double sum = 0;
  for (std::size_t i = 0; i < outputs[0].span<float>().size(); ++i) {
    const double error =
        static_cast<double>(outputs[0].span<float>()[i]) - outputs[1].span<float>()[i];
    sum += error * error;
  }
  return sum;
}

TEST(RoundCompensated, BringsConvTransposeNearerThanNearest) {
  for (const std::int64_t groups : {1, 2}) {
    const Graph graph = Transposed(groups, 3);
    const QuantTargets targets = FindTargets(graph).value();
    Tensor samples = Random({40, 4, 5, 4}, 7, 0, 1);  // correlated by their mean
    EXPECT_LT(OutputError(graph, targets, samples, WeightRounding::kCompensated),
              0.7 * OutputError(graph, targets, samples, WeightRounding::kNearest));
  }
}

TEST(LayerInputDrawer, PartnersDrawTheSamePlaces) {
  const Graph graph = Transposed(2, 3);
  Graph louder = graph;  // its own inputs are the network's: the same numbers
  for (float& w : louder.value(louder.nodes[0].inputs[1]).constant->span<float>()) w *= 2;
  const QuantTargets targets = FindTargets(graph).value();
  const Dataset data = MakeDataset(Random({kSamples, 4, 5, 4}, 7));
  LayerInputDrawer one = LayerInputDrawer::Create(graph, targets, data, 1, 1).value();
  LayerInputDrawer other = one.Partner(louder, data, 2).value();
  const std::vector<std::size_t> layers = one.Drawable();
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(one.Draw(layers).value()[0].rows, other.Draw(layers).value()[0].rows);
}

}  // namespace
}  // namespace bw
