#include "bitwright/tune/facts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

TEST(LinearCka, OfFeaturesWithThemselvesIsOne) {
  const Tensor x = Random({8, 5}, 1);
  EXPECT_NEAR(LinearCka(x.span<float>(), x.span<float>(), 8), 1, 1e-9);
}

// Invariant to scale, shift and rotation; here an exchange of columns.
TEST(LinearCka, DoesNotSeeScaleShiftAndOrder) {
  const Tensor x = Random({8, 2}, 1);
  std::vector<float> y;
  for (std::size_t r = 0; r < 8; ++r) {
    y.push_back(3 * x.span<float>()[2 * r + 1] + 1);
    y.push_back(3 * x.span<float>()[2 * r] - 2);
  }
  EXPECT_NEAR(LinearCka(x.span<float>(), y, 8), 1, 1e-6);
}

// Two features that vary over disjoint contrasts of the rows share nothing.
TEST(LinearCka, OfUnrelatedFeaturesIsNothing) {
  const std::vector<float> x = {1, -1, 0, 0}, y = {0, 0, 1, -1}, constant = {2, 2, 2, 2};
  EXPECT_NEAR(LinearCka(x, y, 4), 0, 1e-12);
  EXPECT_EQ(LinearCka(x, constant, 4), 0);
}

// y = w x with the relative squared error as loss: D(w + e v) = e^2 sum (v x)^2 / sum (w x)^2. With
// one input of ones the Hessian is 2 / w^2 for the one weight of each output; of n equal outputs
// each has 2 / (n w^2).
TEST(HessianTraces, AreThoseOfAQuadratic) {
  Network net;
  const ValueId x = net.Input("x", {-1, 1});
  const Graph graph = net.Finish({net.Linear(x, "y", 4, 1, 3)});
  Tensor ones(DType::kFloat32, {6, 1});
  for (float& one : ones.span<float>()) one = 1;
  Evaluator evaluator = Evaluator::Create(graph, MakeDataset(ones, {}), *FindMetric("sqnr"),
                                          {1, Backend::kFast, true})
                            .value();
  ValueId weight = kNoValue;
  double bias_free_power = 0;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].name == "y.w") weight = static_cast<ValueId>(v);
  }
  ASSERT_NE(weight, kNoValue);
  Executor executor = Executor::Create(graph, {ones.shape()}, {Backend::kReference, false}).value();
  executor.Run(std::vector<ConstTensorRef>{ones});
  for (const float y : executor.Output(0).span<float>()) bias_free_power += double{y} * y;
  const double expected = 2.0 / (bias_free_power / 6);  // mean over 4 weights of 2 * 4 / power / 4
  const auto traces = HessianTraces(graph, {weight}, evaluator, 6, 1).value();
  ASSERT_EQ(traces.size(), 1U);
  EXPECT_NEAR(traces[0], expected, 1e-3 * expected);
}

TEST(Likeness, SumsOverAllOthers) {
  Network net;
  const ValueId x = net.Input("x", {-1, 3});
  const ValueId r = net.Op("Relu", {net.Linear(x, "a", 5, 3, 3)}, "r");
  const Graph graph = net.Finish({net.Linear(r, "y", 2, 5, 4)});
  const Dataset data = MakeDataset(Random({16, 3}, 7), {});
  const std::vector<ValueId> values = {graph.inputs[0], r, graph.outputs[0]};
  const auto one = Likeness(graph, values, data, 1).value();
  ASSERT_EQ(one.size(), 3U);
  for (const double sum : one) {
    EXPECT_GT(sum, 0);
    EXPECT_LE(sum, 2 + 1e-9);
  }
  EXPECT_EQ(one, Likeness(graph, values, data, 2).value());
}

}  // namespace
}  // namespace bw
