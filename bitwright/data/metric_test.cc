#include "bitwright/data/metric.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace bw {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Ints = std::vector<std::int64_t>;

double Value(std::string_view name, const MetricBatch& batch) {
  const Metric* metric = FindMetric(name);
  EXPECT_NE(metric, nullptr) << name;
  std::vector<double> scores;
  metric->score(batch, scores);
  return metric->finish(scores, batch.labels);
}

// Scores of `rows` samples against labels, as a one-output-row-a-sample batch.
double TopValue(std::string_view name, std::int64_t classes, const std::vector<float>& outputs,
                const Ints& labels) {
  const Tensor output =
      Tensor::From<float>({static_cast<std::int64_t>(labels.size()), classes}, outputs);
  return Value(name, {{}, output, {}, labels, 1});
}

TEST(Metrics, NamesAreTheFiles) {
  std::vector<std::string_view> names;
  for (const Metric* metric : metrics::All()) names.push_back(metric->name);
  EXPECT_EQ(names, (std::vector<std::string_view>{"agreement", "auc", "sqnr", "top1", "top5"}));
  EXPECT_EQ(FindMetric("top2"), nullptr);
}

TEST(Top1, CountsTheLargestAndLowestAmongEquals) {
  EXPECT_EQ(TopValue("top1", 3, {1, 3, 2, 5, 5, 1, 5, 5, 1, 0, 0, 1}, {1, 0, 1, 0}), 0.5);
}

TEST(Top1, NanAndLabelsBeyondTheOutputsNeverCount) {
  EXPECT_EQ(TopValue("top1", 2, {kNan, kNan, kNan, -1, 1, 0}, {0, 1, 2}), 1.0 / 3.0);
}

TEST(Top5, TakesFiveLowerIndexFirst) {
  const std::vector<float> falling = {7, 6, 5, 4, 3, 2, 1};
  EXPECT_EQ(TopValue("top5", 7, falling, {4}), 1.0);
  EXPECT_EQ(TopValue("top5", 7, falling, {5}), 0.0);
  const std::vector<float> equal(7, 1.0F);
  EXPECT_EQ(TopValue("top5", 7, equal, {4}), 1.0);
  EXPECT_EQ(TopValue("top5", 7, equal, {5}), 0.0);
}

TEST(Agreement, NeedsNoLabels) {
  const Tensor output = Tensor::From<float>({3, 2}, std::vector<float>{1, 2, 2, 1, 3, 3});
  const Tensor reference = Tensor::From<float>({3, 2}, std::vector<float>{0, 9, 0, 9, 9, 0});
  EXPECT_DOUBLE_EQ(Value("agreement", {{}, output, reference, {}, 1}), 2.0 / 3.0);
}

TEST(Sqnr, IsTheRatioOfAllSums) {
  const Tensor reference = Tensor::From<float>({2, 2}, std::vector<float>{3, 4, 0, 5});
  const Tensor output = Tensor::From<float>({2, 2}, std::vector<float>{3, 4.5F, 0.5F, 5});
  EXPECT_NEAR(Value("sqnr", {{}, output, reference, {}, 1}), 20.0, 1e-12);
  EXPECT_EQ(Value("sqnr", {{}, reference, reference, {}, 1}),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(FindMetric("sqnr")->columns, 2);
}

TEST(Auc, ScoreIsTheMeanOverTheRowsOfASample) {
  const Tensor input = Tensor::From<float>({4, 2}, std::vector<float>{0, 0, 0, 0, 1, 1, 1, 1});
  const Tensor output = Tensor::From<float>({4, 2}, std::vector<float>{1, 0, 0, 2, 1, 1, 1, 1});
  const Ints labels = {1, 0};
  const MetricBatch batch{input, output, {}, labels, 2};
  std::vector<double> scores;
  FindMetric("auc")->score(batch, scores);
  EXPECT_EQ(scores, (std::vector<double>{5.0 / 4.0, 0.0}));
  EXPECT_EQ(Value("auc", batch), 1.0);
}

RC_GTEST_PROP(Auc, IsTheShareOfPairsInOrderWithTiesHalf, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 30);
  std::vector<double> scores;
  Ints labels;
  for (std::size_t i = 0; i < count; ++i) {
    scores.push_back(*rc::gen::inRange(0, 6));
    labels.push_back(*rc::gen::inRange(0, 2));
  }
  double won = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      if (labels[i] != 1 || labels[j] == 1) continue;
      ++pairs;
      won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
    }
  }
  const double wanted = pairs == 0 ? 0.5 : won / pairs;
  RC_ASSERT(std::abs(FindMetric("auc")->finish(scores, labels) - wanted) < 1e-12);
}

TEST(CheckMetric, RefusesWhatCannotBeScored) {
  const Tensor output = Tensor::From<float>({2, 2}, std::vector<float>{1, 2, 3, 4});
  const Tensor input(DType::kFloat32, {2, 3});
  const Ints labels = {0, 1};
  const auto message = [&](std::string_view name, const MetricBatch& batch, std::int64_t classes) {
    const auto checked = CheckMetric(*FindMetric(name), batch, classes, "set.npy");
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(message("top1", {input, output, {}, labels, 1}, 2), "");
  EXPECT_EQ(message("top1", {input, output, {}, {}, 1}, 0),
            "set.npy: metric 'top1' needs labels, none are given, one for each sample is needed; "
            "use --labels, or a "
            "metric without them such as 'agreement'");
  EXPECT_EQ(
      message("top1", {input, output, {}, labels, 1}, 3),
      "set.npy: labels go up to 2 but the network has 2 outputs, labels from 0 to 1 are allowed");
  EXPECT_EQ(message("auc", {input, output, {}, labels, 1}, 2),
            "set.npy: metric 'auc' compares outputs with inputs, [2,2] and [2,3], equal sizes are "
            "needed");
  EXPECT_EQ(message("agreement", {input, output, output, {}, 1}, 0), "");
}

}  // namespace
}  // namespace bw
