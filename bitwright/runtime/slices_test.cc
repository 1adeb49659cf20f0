#include "bitwright/runtime/slices.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Random;

const Shape kRow = {4, 64, 64};

Shape Rows(std::int64_t rows) {
  Shape shape = kRow;
  shape.insert(shape.begin(), rows);
  return shape;
}

// Scores and the mean of each channel.
Graph Classifier() {
  Network net;
  const ValueId x = net.Input("x", Rows(-1));
  const ValueId conv = net.Conv(x, "conv", {8, 4, 3, 3}, 1);
  const ValueId mean = net.Op("GlobalAveragePool", {net.Op("Relu", {conv}, "relu")}, "mean");
  const ValueId flat = net.Op("Flatten", {mean}, "flat");
  return net.Finish({net.Linear(flat, "scores", 5, 8, 2), mean});
}

std::int64_t RowsAtATime(const Graph& graph, const Shape& input) {
  return bw::RowsAtATime(graph, InferTypes(graph, {input}).value());
}

std::vector<float> OutputOf(const Graph& graph, const Tensor& input, Batch batch,
                            std::size_t output) {
  Executor executor =
      Executor::Create(graph, {input.shape()}, {Backend::kReference, false, batch}).value();
  executor.Run(std::vector<ConstTensorRef>{input});
  const auto values = executor.Output(output).span<float>();
  return {values.begin(), values.end()};
}

TEST(RowsAtATime, KeepsTheLargestNodeInAMegabyte) {
  // relu: 2 * 8 * 64 * 64 floats a row.
  EXPECT_EQ(RowsAtATime(Classifier(), Rows(8)), 4);
  EXPECT_EQ(RowsAtATime(Classifier(), Rows(6)), 3);
  EXPECT_EQ(RowsAtATime(Classifier(), Rows(7)), 1);
  EXPECT_EQ(RowsAtATime(Classifier(), Rows(2)), 2);
}

TEST(RowsAtATime, IsAllWhereTheBatchIsNotTheFirstExtentOfTheOutput) {
  Network net;
  const ValueId x = net.Input("x", Rows(-1));
  const ValueId y = net.Op("Transpose", {net.Op("Relu", {x}, "relu")}, "y",
                           Attrs({{"perm", std::vector<std::int64_t>{1, 0, 2, 3}}}));
  EXPECT_EQ(RowsAtATime(net.Finish({y}), Rows(32)), 32);
}

TEST(RowsAtATime, IsAllWhereTheNetworkNamesItsBatch) {
  Network net;
  const ValueId x = net.Input("x", Rows(32));
  const ValueId shape = net.Constant(
      "shape", Tensor::From<std::int64_t>({2}, std::vector<std::int64_t>{32, 4 * 64 * 64}));
  EXPECT_EQ(RowsAtATime(net.Finish({net.Op("Reshape", {x, shape}, "y")}), Rows(32)), 32);
}

TEST(SlicedExecutor, GivesWhatTheWholeBatchGives) {
  const Graph graph = Classifier();
  const Tensor input = Random(Rows(8), 3);
  for (const std::size_t output : {0, 1}) {
    EXPECT_EQ(OutputOf(graph, input, Batch::kSliced, output),
              OutputOf(graph, input, Batch::kWhole, output));
  }
}

TEST(SlicedExecutor, TakesConstantsAndProfilesAndLessMemory) {
  const Graph graph = Classifier();
  const Tensor input = Random(Rows(8), 3);
  Executor sliced = Executor::Create(graph, {input.shape()}, {.batch = Batch::kSliced}).value();
  Executor whole = Executor::Create(graph, {input.shape()}, {}).value();
  EXPECT_LT(sliced.arena_bytes(), whole.arena_bytes());
  const auto weight = std::find_if(graph.values.begin(), graph.values.end(),
                                   [](const Value& value) { return value.name == "scores.w"; });
  const Tensor none(DType::kFloat32, weight->constant->shape());
  sliced.SetConstant(static_cast<ValueId>(weight - graph.values.begin()), &none);
  sliced.StartProfile();
  sliced.Run(std::vector<ConstTensorRef>{input});
  const auto scores = sliced.Output(0).span<float>();
  EXPECT_EQ(scores[0], scores[5]);  // the bias alone, of two rows
  EXPECT_EQ(sliced.Profile().size(), graph.nodes.size());
}

}  // namespace
}  // namespace bw
