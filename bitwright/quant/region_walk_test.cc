#include "bitwright/quant/region_walk.h"

#include <gtest/gtest.h>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/layer_inputs.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

// A convolution, a residual block, and two heads.
Graph Branching() {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {8, 3, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {8, 8, 3, 3}, 2)}, "rb");
  const ValueId c =
      net.Op("Relu", {net.Op("Add", {net.Conv(b, "c", {8, 8, 3, 3}, 3), a}, "sum")}, "rc");
  const ValueId flat = net.Op("Flatten", {c}, "flat");
  return net.Finish({net.Linear(flat, "one", 5, 8 * 36, 4), net.Linear(flat, "two", 3, 8 * 36, 5)});
}

Graph Louder(Graph graph) {
  for (float& w : graph.value(graph.nodes[0].inputs[1]).constant->span<float>()) w *= 2;
  return graph;
}

std::vector<float> ValueFor(const Graph& graph, const Tensor& rows, ValueId id) {
  Executor executor = Executor::Create(graph, {rows.shape()}, {Backend::kReference, true}).value();
  const ConstTensorRef input = rows;
  executor.Run({&input, 1});
  const auto values = executor.ValueOf(id).span<float>();
  return {values.begin(), values.end()};
}

TEST(RegionWalk, HoldsInFrontOfEachRegionWhatTheWholeNetworksHaveThere) {
  const Graph wanted = Branching(), given = Louder(wanted);
  const QuantTargets targets = FindTargets(wanted).value();
  const Tensor rows = Random({70, 3, 6, 6}, 7);
  const Dataset data = MakeDataset(rows);
  RegionWalk walk = RegionWalk::Create(wanted, given, data, 1e12).value();
  EXPECT_EQ(walk.samples(), 70U);
  std::size_t layers = 0, regions = 0;
  for (; !walk.AtEnd(); ++regions) {
    const WalkedRegion region = walk.Next().value();
    const ValueId from = region.wanted.inputs[0];
    for (const auto& [graph, held] :
         {std::pair(&wanted, &region.wanted_rows), std::pair(&given, &region.given_rows)}) {
      const Tensor found = held->Batch(0, held->size()).value();
      const std::vector<float> whole = ValueFor(*graph, rows, from);
      ASSERT_EQ(found.span<float>().size(), whole.size());
      for (std::size_t i = 0; i < whole.size(); i += 13)
        EXPECT_NEAR(found.span<float>()[i], whole[i], 1e-4);
    }
    LayerInputDrawer drawer =
        LayerInputDrawer::Create(region.given, targets, region.given_rows, 1, 2).value();
    LayerInputDrawer partner = drawer.Partner(region.wanted, region.wanted_rows, 2).value();
    layers += drawer.Drawable().size();
    ASSERT_TRUE(walk.Leave(region, partner.runner(), drawer.runner()));
  }
  EXPECT_EQ(layers, 5U);
  EXPECT_EQ(regions, walk.regions());
  EXPECT_EQ(regions, 3U);  // a; the residual block; both heads
}

TEST(RegionWalk, TakesFewerSamplesWhereWorkIsShort) {
  const Graph graph = Branching();
  const Dataset data = MakeDataset(Random({70, 3, 6, 6}, 7));
  EXPECT_EQ(RegionWalk::Create(graph, graph, data, 1).value().samples(), 32U);
}

}  // namespace
}  // namespace bw
