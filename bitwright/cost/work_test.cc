#include "bitwright/cost/work.h"

#include <gtest/gtest.h>

#include "bitwright/cost/test_network.h"
#include "bitwright/runtime/work.h"

namespace bw {
namespace {

Work WorkOf(const Graph& graph) { return MakeWork(graph, FindTargets(graph).value()).value(); }

std::string TensorName(const Work& work, TensorIndex tensor) {
  return tensor ? work.targets.tensors[*tensor].name : "float32";
}

TEST(Work, HasALayerForEachValueThatIsStored) {
  const Work work = WorkOf(testing_cost::ResidualNetwork());
  std::vector<std::string> names;
  for (const LayerWork& layer : work.layers) names.push_back(layer.name + " " + layer.op);
  EXPECT_EQ(names, (std::vector<std::string>{"x Input", "conv1.node Conv", "conv2.node Conv",
                                             "p.node MaxPool", "conv3.node Conv", "y.node Gemm"}));
}

TEST(Work, KnowsWhatALayerReadsAndMakes) {
  const Work work = WorkOf(testing_cost::ResidualNetwork());
  const LayerWork& conv2 = work.layers[2];
  ASSERT_EQ(conv2.inputs.size(), 1U);
  EXPECT_EQ(TensorName(work, conv2.inputs[0]), "r1");
  EXPECT_EQ(TensorName(work, conv2.weight), "conv2.w");
  EXPECT_EQ(TensorName(work, conv2.output), "r2");
  EXPECT_EQ(conv2.macs, 4 * 4 * 9 * 64);
  const LayerWork& conv3 = work.layers[4];
  EXPECT_EQ(TensorName(work, conv3.inputs[0]), "r2");  // pooling keeps the format
  const LayerWork& y = work.layers[5];
  EXPECT_EQ(TensorName(work, y.inputs[0]), "conv3");
  EXPECT_EQ(y.output, std::nullopt);
  EXPECT_EQ(y.float_weight_elements, 5);
  EXPECT_EQ(y.float_activation_elements, 5);
}

TEST(Work, ConvolutionsHaveTheirLoops) {
  const Work work = WorkOf(testing_cost::ResidualNetwork());
  const Extents& e = work.layers[1].extents;
  EXPECT_EQ(e, (Extents{1, 4, 3, 8, 8, 3, 3, 1, 1}));
  EXPECT_EQ(work.layers[5].extents, (Extents{1, 5, 32, 1, 1, 1, 1, 1, 1}));
}

TEST(Work, AResidualLivesUntilItIsAdded) {
  const Work work = WorkOf(testing_cost::ResidualNetwork());
  // x, r1, r2, the pooled copy of r2, conv3, y
  const std::vector<std::pair<std::size_t, std::size_t>> lives = {{0, 1}, {1, 2}, {2, 3},
                                                                  {3, 4}, {4, 5}, {5, 5}};
  ASSERT_EQ(work.buffers.size(), lives.size());
  for (std::size_t b = 0; b < lives.size(); ++b) {
    EXPECT_EQ(work.buffers[b].first, lives[b].first) << b;
    EXPECT_EQ(work.buffers[b].last, lives[b].second) << b;
  }
  EXPECT_EQ(work.buffers[3].elements, 4 * 16);
  EXPECT_EQ(TensorName(work, work.buffers[3].tensor), "r2");
}

TEST(Work, ALongSkipConnectionStaysAlive) {
  testing_networks::Network net;
  const ValueId x = net.Input("x", {-1, 2, 4, 4});
  const ValueId a = net.Conv(x, "a", {2, 2, 3, 3}, 1);
  const ValueId b = net.Conv(a, "b", {2, 2, 3, 3}, 2);
  const ValueId c = net.Conv(b, "c", {2, 2, 3, 3}, 3);
  const ValueId sum = net.Op("Add", {c, a}, "sum");
  const Work work = WorkOf(net.Finish({net.Conv(sum, "y", {1, 2, 1, 1}, 4)}));
  ASSERT_EQ(work.layers.size(), 5U);
  EXPECT_EQ(TensorName(work, work.buffers[1].tensor), "a");
  EXPECT_EQ(work.buffers[1].last, 3U);  // the layer of c, which adds in place
}

TEST(Work, ConcatIsAViewOfItsParts) {
  testing_networks::Network net;
  const ValueId x = net.Input("x", {-1, 2, 4, 4});
  const ValueId a = net.Conv(x, "a", {2, 2, 3, 3}, 1);
  const ValueId b = net.Conv(x, "b", {6, 2, 3, 3}, 2);
  const ValueId both =
      net.Op("Concat", {a, b}, "both", testing_networks::Attrs({{"axis", std::int64_t{1}}}));
  const ValueId copy =
      net.Op("Transpose", {both}, "copy",
             testing_networks::Attrs({{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}}));
  const Work work = WorkOf(net.Finish({net.Conv(copy, "y", {1, 8, 1, 1}, 4)}));
  const LayerWork& y = work.layers.back();
  ASSERT_EQ(y.inputs.size(), 2U);
  EXPECT_EQ(TensorName(work, y.inputs[0]), "a");
  EXPECT_EQ(TensorName(work, y.inputs[1]), "b");
  ASSERT_EQ(work.buffers.size(), 6U);  // x, a, b, two parts of the copy, y
  EXPECT_EQ(work.buffers[3].elements, 32);
  EXPECT_EQ(work.buffers[4].elements, 96);
}

TEST(Work, OfRandomNetworksIsComplete) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = testing_networks::RandomClassifier(seed, 12);
    const QuantTargets targets = FindTargets(graph).value();
    const Work work = MakeWork(graph, targets).value();
    std::int64_t macs = 0, float_weights = 0, float_activations = 0;
    std::vector<int> owned(targets.tensors.size(), 0);
    for (const LayerWork& layer : work.layers) {
      macs += layer.macs;
      if (layer.macs > 0) {
        EXPECT_EQ(layer.extents.macs(), layer.macs) << seed;
      }
      float_weights += layer.float_weight_elements;
      float_activations += layer.float_activation_elements;
      for (const std::size_t t : layer.weights_owned) ++owned[t];
      for (const std::size_t t : layer.activations_made) ++owned[t];
    }
    EXPECT_EQ(macs, CountMacs(graph, 1).value()) << seed;
    EXPECT_EQ(float_weights, targets.float_weight_elements) << seed;
    EXPECT_EQ(float_activations, targets.float_activation_elements) << seed;
    EXPECT_EQ(owned, std::vector<int>(targets.tensors.size(), 1)) << seed;
    for (const Buffer& buffer : work.buffers) EXPECT_LE(buffer.first, buffer.last) << seed;
  }
}

}  // namespace
}  // namespace bw
