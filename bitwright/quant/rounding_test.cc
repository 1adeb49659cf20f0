#include "bitwright/quant/rounding.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Network;
using testing_networks::Random;

// x -> conv -> a -> (b, c) -> d
struct Diamond {
  Network net;
  ValueId x = net.Input("x", {-1, 4, 6, 6});
  ValueId conv = net.Conv(x, "conv", {4, 4, 1, 1}, 1);
  ValueId a = net.Op("Relu", {conv}, "a");
  ValueId b = net.Op("Neg", {a}, "b");
  ValueId c = net.Op("Abs", {a}, "c");
  ValueId d = net.Op("Add", {b, c}, "d");
  Graph graph = net.Finish({d});
};

// The values whose keys differ.
std::vector<ValueId> Changed(const Graph& graph, const Rounding& from, const Rounding& to) {
  const std::vector<ValueKey> before = ValueKeys(graph, from), after = ValueKeys(graph, to);
  std::vector<ValueId> changed;
  for (std::size_t v = 0; v < before.size(); ++v) {
    if (before[v] != after[v]) changed.push_back(static_cast<ValueId>(v));
  }
  return changed;
}

ActivationQuantizer Quantizer(const char* spec, float scale) {
  return {QuantSpec::Parse(spec).value(), {{scale}, {}}};
}

TEST(ValueKeys, ChangeForWhatFollowsFromAQuantizer) {
  const Diamond net;
  const ActivationQuantizer coarse = Quantizer("int4", 0.5F);
  EXPECT_EQ(Changed(net.graph, {}, {{}, {{net.b, &coarse}}}), (std::vector<ValueId>{net.b, net.d}));
  EXPECT_EQ(Changed(net.graph, {}, {{}, {{net.x, &coarse}}}).size(), 6U);
}

TEST(ValueKeys, ChangeForWhatFollowsFromAConstant) {
  const Diamond net;
  const ValueId weight = net.graph.nodes[0].inputs[1];
  const Tensor other = Random({4, 4, 1, 1}, 5);
  const std::vector<ValueId> changed = Changed(net.graph, {}, {{{weight, &other}}, {}});
  EXPECT_EQ(changed.size(), 6U);
  EXPECT_EQ(std::count(changed.begin(), changed.end(), net.x), 0);
}

TEST(ValueKeys, FollowFromContentsAndNotFromPlaces) {
  const Diamond net;
  const ValueId weight = net.graph.nodes[0].inputs[1];
  const Tensor one = Random({4, 4, 1, 1}, 5), same = one;
  Tensor other = one;
  other.span<float>()[7] += 1;
  EXPECT_TRUE(Changed(net.graph, {{{weight, &one}}, {}}, {{{weight, &same}}, {}}).empty());
  EXPECT_FALSE(Changed(net.graph, {{{weight, &one}}, {}}, {{{weight, &other}}, {}}).empty());
  const ActivationQuantizer a = Quantizer("int4", 0.5F), b = Quantizer("int4", 0.5F),
                            scale = Quantizer("int4", 0.25F), spec = Quantizer("int5", 0.5F);
  EXPECT_TRUE(Changed(net.graph, {{}, {{net.a, &a}}}, {{}, {{net.a, &b}}}).empty());
  EXPECT_FALSE(Changed(net.graph, {{}, {{net.a, &a}}}, {{}, {{net.a, &scale}}}).empty());
  EXPECT_FALSE(Changed(net.graph, {{}, {{net.a, &a}}}, {{}, {{net.a, &spec}}}).empty());
}

TEST(ValueKeys, OfDifferentValuesDiffer) {
  const Diamond net;
  std::vector<ValueKey> keys = ValueKeys(net.graph, {});
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

}  // namespace
}  // namespace bw
