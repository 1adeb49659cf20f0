#include "bitwright/quant/runner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <mutex>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;
using testing_networks::RandomClassifier;

// The rows of output 0 by sample, and how often each sample was visited.
struct Swept {
  std::vector<std::vector<float>> rows;
  std::vector<int> visits;
};

Swept Sweep(const Graph& graph, const Dataset& data, RunnerOptions options) {
  Expected<Runner> runner = Runner::Create(graph, data, options);
  EXPECT_TRUE(runner.has_value()) << (runner ? "" : runner.error().message);
  Swept swept{std::vector<std::vector<float>>(data.size()), std::vector<int>(data.size())};
  std::mutex mutex;
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    const ConstTensorRef output = Runner::Rows(chunk, executor.Output(0));
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(output.shape[0], chunk.rows);
    const auto size = static_cast<std::size_t>(output.size()) / chunk.samples;
    for (std::size_t i = 0; i < chunk.samples; ++i) {
      const auto row = output.span<float>().subspan(i * size, size);
      swept.rows[chunk.first_sample + i].assign(row.begin(), row.end());
      ++swept.visits[chunk.first_sample + i];
    }
    return {};
  };
  EXPECT_TRUE(runner->ForEachChunk(data, visit).has_value());
  return swept;
}

// Each sample by an executor for one row.
std::vector<std::vector<float>> OneByOne(const Graph& graph, const Dataset& data) {
  Shape shape = data.row_shape();
  shape.insert(shape.begin(), 1);
  Executor executor = Executor::Create(graph, {shape}, {Backend::kReference, false}).value();
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Tensor sample = data.Batch(i, 1).value();
    executor.Run(std::vector<ConstTensorRef>{sample});
    const std::span<const float> output = executor.Output(0).span<float>();
    rows.emplace_back(output.begin(), output.end());
  }
  return rows;
}

TEST(Runner, TheFillingOfTheLastChunkReachesNoResult) {
  const Graph graph = RandomClassifier(21, 10);
  for (const std::int64_t samples : {1, 5, 31, 32, 33, 70}) {
    SCOPED_TRACE(samples);
    const Dataset data = MakeDataset(Random({samples, 4, 6, 6}, 3));
    const Swept swept = Sweep(graph, data, {2, Backend::kReference, false});
    EXPECT_EQ(swept.visits, std::vector<int>(data.size(), 1));
    EXPECT_EQ(swept.rows, OneByOne(graph, data));
  }
}

TEST(Runner, FastKernelsAgreeWithSingleSampleRuns) {
  const Graph graph = RandomClassifier(22, 6);
  const Dataset data = MakeDataset(Random({37, 4, 6, 6}, 4));
  const Swept swept = Sweep(graph, data, {2, Backend::kFast, true});
  const std::vector<std::vector<float>> law = OneByOne(graph, data);
  double top = 0;
  for (const auto& row : law) {
    for (const float y : row) top = std::max(top, std::abs(static_cast<double>(y)));
  }
  for (std::size_t i = 0; i < law.size(); ++i) {
    for (std::size_t c = 0; c < law[i].size(); ++c) {
      EXPECT_NEAR(swept.rows[i][c], law[i][c], 1e-5 * top) << i;
    }
  }
}

TEST(Runner, ResultsDoNotDependOnTheNumberOfThreads) {
  const Graph graph = RandomClassifier(23, 10);
  const Dataset data = MakeDataset(Random({100, 4, 6, 6}, 5));
  const Swept one = Sweep(graph, data, {1, Backend::kFast, false});
  EXPECT_EQ(Sweep(graph, data, {3, Backend::kFast, false}).rows, one.rows);
}

// A network whose file fixes the batch: chunks of that size, or rebatched; either way no leak.
TEST(Runner, TakesANetworkOfAFixedBatch) {
  Network net;
  const ValueId x = net.Input("x", {1, 8});
  const Graph graph = net.Finish({net.Linear(x, "y", 3, 8, 1)});
  const Dataset data = MakeDataset(Random({7, 8}, 5));
  EXPECT_EQ(Sweep(graph, data, {2, Backend::kReference, false}).rows, OneByOne(graph, data));
}

// Five consecutive frames of 4 make a row; 12 frames give 8 rows; chunks hold whole samples.
TEST(Runner, KeepsTheRowsOfASampleTogether) {
  Network net;
  const ValueId x = net.Input("x", {-1, 20});
  const Graph graph = net.Finish({net.Op("Relu", {x}, "y")});
  Preprocess preprocess;
  preprocess.window = 5;
  const Tensor clips = Random({9, 12, 4}, 6, 0.1, 1);
  const Dataset data = MakeDataset(clips, {}, preprocess);
  ASSERT_EQ(data.rows_per_sample(), 8);
  const Swept swept = Sweep(graph, data, {2, Backend::kFast, false});
  EXPECT_EQ(swept.visits, std::vector<int>(9, 1));
  for (std::size_t i = 0; i < 9; ++i) {
    std::vector<float> wanted;
    for (std::size_t row = 0; row < 8; ++row) {
      const auto frames = clips.span<float>().subspan(i * 48 + row * 4, 20);
      wanted.insert(wanted.end(), frames.begin(), frames.end());
    }
    EXPECT_EQ(swept.rows[i], wanted) << i;
  }
}

TEST(Runner, SaysWhyDataDoesNotFitTheNetwork) {
  const Dataset data = MakeDataset(Random({3, 4, 6, 6}, 1));
  const auto refusal = [&](const Graph& graph) {
    const Expected<Runner> runner = Runner::Create(graph, data, {});
    return runner ? "accepted" : runner.error().message;
  };
  Network two;
  const ValueId a = two.Input("a", {-1, 4, 6, 6}), b = two.Input("b", {-1, 4, 6, 6});
  EXPECT_EQ(refusal(two.Finish({two.Op("Add", {a, b}, "y")})),
            "the network has 2 inputs, data sets give one");
  const auto relu = [](const Shape& shape) {
    Network net;
    return net.Finish({net.Op("Relu", {net.Input("x", shape)}, "y")});
  };
  EXPECT_EQ(refusal(relu({-1, 3, 6, 6})),
            "input 'x' takes samples of shape [3,6,6], the data's are [4,6,6]; check resize, crop, "
            "layout or window");
  EXPECT_EQ(refusal(relu({-1, 6, 6, 4})),
            "input 'x' takes samples of shape [6,6,4], the data's are [4,6,6]; check the layout");
}

TEST(ForEachChunk, EndsWithTheErrorOfAVisit) {
  const Graph graph = RandomClassifier(24, 3);
  const Dataset data = MakeDataset(Random({200, 4, 6, 6}, 1));
  Runner runner = Runner::Create(graph, data, {2, Backend::kFast, false}).value();
  const Expected<void> result =
      runner.ForEachChunk(data, [](const Chunk& chunk, Executor&) -> Expected<void> {
        if (chunk.index == 1) return Fail("chunk one is bad");
        return {};
      });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "chunk one is bad");
}

TEST(ForEachChunk, ToldProgressRisesToOne) {
  const Graph graph = RandomClassifier(24, 3);
  const Dataset data = MakeDataset(Random({100, 4, 6, 6}, 1));
  Runner runner = Runner::Create(graph, data, {2, Backend::kFast, false}).value();
  std::vector<double> told;
  const auto visit = [](const Chunk&, Executor&) -> Expected<void> { return {}; };
  const Progress progress = [&](std::string_view what, double fraction) {
    EXPECT_EQ(what, "sweeping");
    told.push_back(fraction);
  };
  ASSERT_TRUE(runner.ForEachChunk(data, visit, progress, "sweeping").has_value());
  EXPECT_EQ(told, (std::vector<double>{0.25, 0.5, 0.75, 1}));
}

}  // namespace
}  // namespace bw
