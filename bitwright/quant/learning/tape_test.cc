#include "bitwright/quant/learning/tape.h"

#include <gtest/gtest.h>

#include "bitwright/quant/learning/region.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Network;
using testing_networks::Random;

// Conv, its output read twice, added to itself through another Conv: gradients meet.
struct Residual {
  Graph graph;
  std::vector<ValueId> learned;

  Residual() {
    Network net;
    const ValueId x = net.Input("x", {2, 3, 4, 4});
    const ValueId a = net.Op("Sigmoid", {net.Conv(x, "a", {3, 3, 3, 3}, 1)}, "s");
    const ValueId b = net.Conv(a, "b", {3, 3, 1, 1}, 2);
    graph = net.Finish({net.Op("Mul", {net.Op("Add", {a, b}, "sum"), a}, "y")});
    for (const Node& node : graph.nodes) {
      if (node.op->name == "Conv") learned.push_back(node.inputs[1]);
    }
  }
};

double Dot(ConstTensorRef a, const Tensor& b) {
  double sum = 0;
  for (std::size_t i = 0; i < b.span<float>().size(); ++i)
    sum += static_cast<double>(a.span<float>()[i]) * static_cast<double>(b.span<float>()[i]);
  return sum;
}

TEST(Tape, AddsTheGradientsOfAllPathsToAConstant) {
  Residual net;
  Tape tape = Tape::Create(net.graph, {2, 3, 4, 4}, net.learned).value();
  const Tensor input = Random({2, 3, 4, 4}, 3), direction = Random({2, 3, 4, 4}, 4);
  std::vector<Tensor> weights, found;
  for (const ValueId id : net.learned) {
    weights.push_back(*net.graph.value(id).constant);
    found.emplace_back(DType::kFloat32, weights.back().shape());
  }
  tape.Forward(input, std::nullopt);
  const std::vector<TensorRef> targets(found.begin(), found.end());
  tape.Backward(direction, targets, {});
  for (std::size_t w = 0; w < weights.size(); ++w) {
    for (std::size_t e = 0; e < weights[w].span<float>().size(); e += 4) {
      double change = 0;
      for (const float step : {0.01F, -0.01F}) {
        Tensor moved = weights[w];
        moved.span<float>()[e] += step;
        tape.SetConstant(w, moved);
        change += Dot(tape.Forward(input, std::nullopt), direction) * (step > 0 ? 50 : -50);
        tape.SetConstant(w, weights[w]);
      }
      EXPECT_NEAR(found[w].span<float>()[e], change, 2e-3 * (1 + std::abs(change)));
    }
  }
}

TEST(Tape, RefusesANodeWithoutAGradientOnlyOnTheWayOfOne) {
  Network net;
  const ValueId x = net.Input("x", {2, 3, 4, 4});
  const ValueId before = net.Op("Erf", {x}, "before");
  const ValueId a = net.Conv(before, "a", {3, 3, 3, 3}, 1);
  Graph graph = net.Finish({a});
  const std::vector<ValueId> learned = {graph.nodes[1].inputs[1]};
  EXPECT_TRUE(Tape::Create(graph, {2, 3, 4, 4}, learned).has_value());
  Network other;
  const ValueId z = other.Input("x", {2, 3, 4, 4});
  graph = other.Finish({other.Op("Erf", {other.Conv(z, "a", {3, 3, 3, 3}, 1)}, "after")});
  const auto refused = Tape::Create(graph, {2, 3, 4, 4}, {graph.nodes[0].inputs[1]});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "node 'after.node' (Erf): has no gradient");
}

Node Rounder(const std::string& spec, float scale, std::int64_t zero = 0) {
  Node node;
  node.op = FindOp("FakeQuantize", "bitwright");
  node.attributes.Set("spec", spec);
  node.attributes.Set("scale", scale);
  node.attributes.Set("zero", zero);
  return node;
}

TEST(ActivationRounder, PassesGradientsWithinTheRangeAndGivesTheScaleItsOwn) {
  // int4: -8 to 7; scale 1/2: within [-4, 3.5].
  const ActivationRounder rounder(Rounder("int4", 0.5F), {5});
  const std::vector<float> x = {-5, -3.9F, 0.3F, 3.6F, 1.2F}, g = {1, 2, 3, 4, 5};
  std::vector<float> y(5), dx(5);
  rounder.Forward(x, y, std::nullopt);
  EXPECT_EQ(y, (std::vector<float>{-4, -4, 0.5F, 3.5F, 1}));
  const double scale = rounder.Backward(x, y, g, dx, std::nullopt);
  EXPECT_EQ(dx, (std::vector<float>{0, 2, 3, 0, 5}));
  EXPECT_NEAR(scale, -4.0 - 0.2 + 3 * 0.2 + 4 * 3.5 - 5 * 0.2, 1e-5);
}

TEST(ActivationRounder, RangeFollowsTheZeroPoint) {
  // uint4:asym, zero 5, scale 1: -5 to 10.
  const ActivationRounder rounder(Rounder("uint4:asym", 1, 5), {4});
  const std::vector<float> x = {-5.4F, -4.6F, 9.7F, 10.2F}, g = {1, 1, 1, 1};
  std::vector<float> y(4), dx(4);
  rounder.Forward(x, y, std::nullopt);
  EXPECT_EQ(y, (std::vector<float>{-5, -5, 10, 10}));
  rounder.Backward(x, y, g, dx, std::nullopt);
  EXPECT_EQ(dx, (std::vector<float>{0, 1, 1, 0}));
}

TEST(ActivationRounder, DropsHalfOfTheRoundingByTheSeed) {
  const ActivationRounder rounder(Rounder("dybit4", 0.5F), {5000});
  const Tensor x = Random({5000}, 3);
  std::vector<float> y(5000), whole(5000), again(5000), dx(5000);
  rounder.Forward(x.span<float>(), whole, std::nullopt);
  rounder.Forward(x.span<float>(), y, 42);
  rounder.Forward(x.span<float>(), again, 42);
  EXPECT_EQ(y, again);
  int dropped = 0;
  for (std::size_t i = 0; i < 5000; ++i) {
    ASSERT_TRUE(y[i] == x.span<float>()[i] || y[i] == whole[i]);
    dropped += y[i] == x.span<float>()[i] ? 1 : 0;
  }
  EXPECT_NEAR(dropped, 2500, 150);
}

TEST(ActivationRounder, LeavesScalesThatFollowFromTheValuesAlone) {
  const ActivationRounder rounder(Rounder("e2m1:b4:e8m0", 1), {2, 4});
  EXPECT_FALSE(rounder.scale_can_move());
  const std::vector<float> x = {0.9F, 2.2F, -6, 0.1F, 90, -33, 5, 61}, g = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> y(8), dx(8);
  rounder.Forward(x, y, std::nullopt);
  EXPECT_EQ(y, (std::vector<float>{1, 2, -6, 0, 96, -32, 8, 64}));
  EXPECT_EQ(rounder.Backward(x, y, g, dx, std::nullopt), 0);
  EXPECT_EQ(dx, g);
}

TEST(FindCuts, AreTheValuesThatEveryPathPasses) {
  const Residual net;
  const InferredTypes types = InferTypes(net.graph, {{2, 3, 4, 4}}).value();
  std::vector<std::string> names;
  for (const ValueId id : FindCuts(net.graph, types)) names.push_back(net.graph.value(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "a", "s", "y"}));
}

TEST(CutOut, ComputesWhatTheWholeDoes) {
  const Residual net;
  const InferredTypes types = InferTypes(net.graph, {{2, 3, 4, 4}}).value();
  const std::vector<ValueId> cuts = FindCuts(net.graph, types);
  const Tensor input = Random({2, 3, 4, 4}, 3);
  Tape whole = Tape::Create(net.graph, {2, 3, 4, 4}, {}).value();
  whole.Forward(input, std::nullopt);
  const Graph part = CutOut(net.graph, types, cuts[2], {cuts[3]}).value();
  EXPECT_EQ(part.nodes.size(), 3U);
  Tape tape = Tape::Create(part, {2, 3, 4, 4}, {}).value();
  const auto found = tape.Forward(whole.ValueOf(cuts[2]), std::nullopt).span<float>();
  const auto wanted = whole.ValueOf(cuts[3]).span<float>();
  EXPECT_TRUE(std::equal(found.begin(), found.end(), wanted.begin()));
  const auto refused = CutOut(net.graph, types, cuts[3], {cuts[2]});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "'s' depends on 'x' besides 'y'");
}

}  // namespace
}  // namespace bw
