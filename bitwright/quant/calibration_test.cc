#include "bitwright/quant/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Floats;
using testing_networks::Network;
using testing_networks::Random;
using testing_networks::RandomClassifier;

// x [4] -> Relu -> * 2 (kept, since a Gemm reads it) -> scores
Graph DoublingNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 4});
  const ValueId two = net.Constant("two", Floats({1}, {2}));
  const ValueId doubled = net.Op("Mul", {net.Op("Relu", {x}, "r"), two}, "doubled");
  return net.Finish({net.Linear(doubled, "scores", 2, 4, 1)});
}

std::vector<ActivationStatistics> Statistics(const Graph& graph, const Dataset& data, int threads,
                                             std::uint64_t seed = 1) {
  const QuantTargets targets = FindTargets(graph).value();
  auto statistics = Calibrate(graph, targets, data, seed, threads);
  EXPECT_TRUE(statistics.has_value()) << (statistics ? "" : statistics.error().message);
  return std::move(statistics).value();
}

void ExpectStatisticsOf(const ActivationStatistics& got, const std::vector<float>& values) {
  double sum = 0, squares = 0, magnitudes = 0;
  for (const float x : values) {
    sum += x;
    squares += static_cast<double>(x) * x;
    magnitudes += std::abs(x);
  }
  EXPECT_EQ(got.count, static_cast<std::int64_t>(values.size()));
  EXPECT_EQ(got.min, *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(got.max, *std::max_element(values.begin(), values.end()));
  EXPECT_NEAR(got.sum, sum, 1e-12 * magnitudes);
  EXPECT_NEAR(got.sum_squares, squares, 1e-12 * squares);
  const std::set<float> known(values.begin(), values.end());
  for (const float x : got.sample) ASSERT_TRUE(known.contains(x)) << x;
}

TEST(Calibrate, LearnsWhatADirectComputationGives) {
  const Tensor samples = Random({77, 4}, 9, -3, 5);
  const std::vector<ActivationStatistics> got =
      Statistics(DoublingNetwork(), MakeDataset(samples), 2);
  ASSERT_EQ(got.size(), 3U);  // x, doubled, scores.w
  std::vector<float> x(samples.span<float>().begin(), samples.span<float>().end());
  ExpectStatisticsOf(got[0], x);
  EXPECT_FALSE(got[0].non_negative());
  std::vector<float> doubled = x;
  for (float& value : doubled) value = 2 * std::max(value, 0.0F);
  ExpectStatisticsOf(got[1], doubled);
  EXPECT_TRUE(got[1].non_negative());
  EXPECT_EQ(got[2].count, 0);
  EXPECT_TRUE(got[2].sample.empty());
}

// 77 samples of 4 are fewer than the limit: every element is drawn, so the sample is the whole.
TEST(Calibrate, DrawsEverythingWhereThereIsLittle) {
  const Tensor samples = Random({77, 4}, 9);
  std::vector<float> drawn = Statistics(DoublingNetwork(), MakeDataset(samples), 1)[0].sample;
  std::vector<float> all(samples.span<float>().begin(), samples.span<float>().end());
  std::sort(drawn.begin(), drawn.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(drawn, all);
}

TEST(Calibrate, DrawsAFairSampleWhereThereIsMuch) {
  Network net;
  const ValueId x = net.Input("x", {-1, 600});
  const Graph graph = net.Finish({net.Linear(x, "y", 2, 600, 1)});
  const Dataset data = MakeDataset(Random({400, 600}, 3, 0, 1));
  const ActivationStatistics got = Statistics(graph, data, 2)[0];
  EXPECT_LE(got.sample.size(), kSampleLimit);
  EXPECT_GE(got.sample.size(), kSampleLimit / 2);
  double sum = 0;
  for (const float value : got.sample) sum += value;
  // The mean of n uniform numbers, within five standard deviations.
  const auto n = static_cast<double>(got.sample.size());
  EXPECT_NEAR(sum / n, 0.5, 5 / std::sqrt(12 * n));
  EXPECT_NE(Statistics(graph, data, 2, 2)[0].sample, got.sample) << "another seed, another sample";
}

TEST(Calibrate, DoesNotDependOnTheNumberOfThreads) {
  const Graph graph = RandomClassifier(31, 8);
  const Dataset data = MakeDataset(Random({150, 4, 6, 6}, 2));
  const std::vector<ActivationStatistics> one = Statistics(graph, data, 1);
  const std::vector<ActivationStatistics> three = Statistics(graph, data, 3);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t t = 0; t < one.size(); ++t) {
    EXPECT_EQ(one[t].min, three[t].min);
    EXPECT_EQ(one[t].max, three[t].max);
    EXPECT_EQ(one[t].sum, three[t].sum);
    EXPECT_EQ(one[t].sum_squares, three[t].sum_squares);
    EXPECT_EQ(one[t].count, three[t].count);
    EXPECT_EQ(one[t].sample, three[t].sample);
  }
}

std::string Refusal(float factor) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4});
  const ValueId huge = net.Constant("huge", Floats({1}, {factor}));
  const ValueId y = net.Op("Sqrt", {net.Op("Mul", {x, huge}, "scaled")}, "y");
  const Graph graph = net.Finish({net.Linear(y, "scores", 2, 4, 1)});
  const Dataset data = MakeDataset(Floats({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  const auto statistics = Calibrate(graph, FindTargets(graph).value(), data, 1, 1);
  return statistics ? "accepted" : statistics.error().message;
}

TEST(Calibrate, RefusesValuesThatAreNotFinite) {
  EXPECT_EQ(Refusal(-1),
            "activation 'y' is NaN or infinite on samples 0 to 1; check the weights and the "
            "preprocessing");
  EXPECT_EQ(Refusal(3e38F),
            "activation 'y' is NaN or infinite on samples 0 to 1; check the weights and the "
            "preprocessing");
  EXPECT_EQ(Refusal(1), "accepted");
}

}  // namespace
}  // namespace bw
