#include "bitwright/runtime/channels_last.h"

#include <gtest/gtest.h>

#include <map>

#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"
#include "bitwright/runtime/test_outputs.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Outputs;
using testing_networks::Pads;
using testing_networks::Random;

std::map<std::string, int> Count(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes) ++counts[std::string(node.op->name)];
  return counts;
}

Attributes PoolOf(std::int64_t size) {
  return Attrs({{"kernel_shape", std::vector<std::int64_t>{size, size}},
                {"strides", std::vector<std::int64_t>{1, 1}}});
}

// conv -> relu -> depthwise -> clip -> pointwise + shortcut -> relu -> pools -> concat -> gemm.
Graph ResidualNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 5, 9, 8});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {12, 5, 3, 3}, 1)}, "ra");
  const ValueId b = net.Conv(a, "b", {12, 1, 3, 3}, 2, 12);
  const ValueId low = net.Constant("low", Tensor::From<float>({}, std::vector{-0.3F}));
  const ValueId high = net.Constant("high", Tensor::From<float>({}, std::vector{0.6F}));
  const ValueId c = net.Conv(net.Op("Clip", {b, low, high}, "rb"), "c", {12, 12, 1, 1}, 3);
  const ValueId sum = net.Op("Relu", {net.Op("Add", {a, c}, "sum")}, "rsum");
  const ValueId greatest = net.Op("MaxPool", {sum}, "greatest", PoolOf(2));
  const ValueId mean = net.Op("AveragePool", {sum}, "mean", PoolOf(2));
  const ValueId both =
      net.Op("Concat", {greatest, mean}, "both", Attrs({{"axis", std::int64_t{1}}}));
  const ValueId pooled = net.Op("GlobalAveragePool", {both}, "pooled");
  const ValueId row = net.Op("Flatten", {pooled}, "row");
  const ValueId y = net.Op("MatMul", {row, net.Constant("w", Random({24, 4}, 9))}, "y");
  return net.Finish({y, sum, b});
}

TEST(ToChannelsLast, LeavesTheResultsOfTheReference) {
  const Graph graph = ResidualNetwork();
  EXPECT_EQ(Outputs(ToChannelsLast(graph), Backend::kReference),
            Outputs(graph, Backend::kReference));
}

TEST(ToChannelsLast, FusesWhatFollowsAConvolution) {
  auto counts = Count(ToChannelsLast(ResidualNetwork()));
  EXPECT_EQ(counts["ConvLast"], 3);
  EXPECT_EQ(counts["Add"] + counts["Relu"], 0);
  EXPECT_EQ(counts["Clip"], 1);       // what it reads is an output of the network
  EXPECT_EQ(counts["Transpose"], 3);  // the input, and two outputs
  EXPECT_EQ(counts["MaxPoolLast"] + counts["AveragePoolLast"] + counts["GlobalAveragePoolLast"], 3);
}

TEST(ToChannelsLast, ReadsFewPlanesOfWideImagesAsTheyStand) {
  const auto build = [](std::int64_t width) {
    Network net;
    const ValueId x = net.Input("x", {-1, 5, 9, 8});
    const ValueId shape = net.Constant(
        "shape",
        Tensor::From<std::int64_t>({4}, std::vector<std::int64_t>{-1, 2, 360 / 2 / width, width}));
    const ValueId planes = net.Op("Reshape", {x, shape}, "planes");
    return net.Finish({net.Op("Relu", {net.Conv(planes, "a", {6, 2, 3, 3}, 2)}, "y")});
  };
  for (const std::int64_t width : {10, 18}) {
    const Graph graph = build(width), last = ToChannelsLast(graph);
    EXPECT_EQ(Count(last)["ConvFirst"], width == 18 ? 1 : 0);
    EXPECT_EQ(Count(last)["Relu"], 0);
    EXPECT_EQ(Outputs(last, Backend::kReference), Outputs(graph, Backend::kReference));
  }
}

TEST(ToChannelsLast, FastKernelsAreNearTheReference) {
  const Graph graph = ToChannelsLast(ResidualNetwork());
  const auto fast = Outputs(graph, Backend::kFast), law = Outputs(graph, Backend::kReference);
  for (std::size_t i = 0; i < law.size(); ++i) {
    ASSERT_EQ(fast[i].size(), law[i].size());
    for (std::size_t j = 0; j < law[i].size(); ++j) EXPECT_NEAR(fast[i][j], law[i][j], 2e-5);
  }
}

TEST(ToChannelsLast, LeavesOtherNodesAlone) {
  Network net;
  const ValueId x = net.Input("x", {-1, 5, 9, 8});
  const ValueId turned = net.Op("Transpose", {net.Conv(x, "a", {6, 5, 3, 3}, 1)}, "turned",
                                Attrs({{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}}));
  const ValueId scaled =
      net.Op("Mul", {net.Conv(x, "b", {6, 5, 1, 1}, 2), net.Constant("s", Random({6, 1, 1}, 3))},
             "scaled");
  const ValueId half =
      net.Op("Mul", {net.Conv(x, "c", {6, 5, 1, 1}, 2), net.Constant("h", Random({1}, 3))}, "half");
  const Graph graph = net.Finish({turned, scaled, half});
  EXPECT_EQ(Outputs(ToChannelsLast(graph), Backend::kReference),
            Outputs(graph, Backend::kReference));
}

}  // namespace
}  // namespace bw
