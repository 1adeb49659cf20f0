#include "bitwright/quant/evaluate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Floats;
using testing_networks::Network;
using testing_networks::Random;
using testing_networks::RandomClassifier;

const float kLog3 = std::log(3.0F);

TEST(Divergence, OfClassScoresIsKullbackLeibler) {
  const Tensor even = Floats({1, 2}, {5, 5}), skewed = Floats({1, 2}, {1 + kLog3, 1});
  // p = (1/2, 1/2), q = (3/4, 1/4): 1/2 log(2/3) + 1/2 log(2).
  EXPECT_NEAR(Divergence(even, skewed, true), 0.5 * std::log(4.0 / 3), 1e-6);
  // the other way: 3/4 log(3/2) + 1/4 log(1/2).
  EXPECT_NEAR(Divergence(skewed, even, true), 0.75 * std::log(1.5) - 0.25 * std::log(2.0), 1e-6);
  EXPECT_EQ(Divergence(skewed, skewed, true), 0);
}

TEST(Divergence, TakesProbabilitiesAsTheyAre) {
  const Tensor even = Floats({1, 2}, {0.5F, 0.5F}), skewed = Floats({1, 2}, {0.75F, 0.25F});
  EXPECT_NEAR(Divergence(even, skewed, true), 0.5 * std::log(4.0 / 3), 1e-12);
}

TEST(Divergence, AddsUpRows) {
  const Tensor p = Floats({2, 2}, {5, 5, 0, 0}), q = Floats({2, 2}, {kLog3, 0, kLog3, 0});
  EXPECT_NEAR(Divergence(p, q, true), std::log(4.0 / 3), 1e-6);
}

// error 1 + 4 over a mean square of (9 + 16 + 0 + 25) / 2 rows.
TEST(Divergence, OfOtherOutputsIsTheRelativeSquaredError) {
  const Tensor p = Floats({2, 2}, {3, 4, 0, 5}), q = Floats({2, 2}, {2, 4, 0, 7});
  EXPECT_DOUBLE_EQ(Divergence(p, q, false), 2 * 5.0 / 50);
  EXPECT_EQ(Divergence(p, p, false), 0);
}

RC_GTEST_PROP(Divergence, IsNeverNegative, (std::uint16_t seed)) {
  const Tensor p = Random({3, 5}, seed, -20, 20), q = Random({3, 5}, seed + 1U, -20, 20);
  RC_ASSERT(Divergence(p, q, true) >= 0);
  RC_ASSERT(Divergence(p, q, false) >= 0);
}

// A labelled set for this network.
struct Bench {
  Graph graph = RandomClassifier(41, 14);
  Tensor samples = Random({90, 4, 6, 6}, 7);
  std::vector<std::int64_t> labels;
  Dataset data;

  Bench() : labels(Labels()), data(MakeDataset(samples, labels)) {}
  static std::vector<std::int64_t> Labels() {
    std::vector<std::int64_t> labels;
    Rng rng(3);
    for (int i = 0; i < 90; ++i) labels.push_back(static_cast<std::int64_t>(rng.Below(5)));
    return labels;
  }
};

Evaluator MakeEvaluator(const Bench& bench, const std::string& metric, int threads) {
  Expected<Evaluator> evaluator = Evaluator::Create(bench.graph, bench.data, *FindMetric(metric),
                                                    {threads, Backend::kFast, true});
  EXPECT_TRUE(evaluator.has_value()) << (evaluator ? "" : evaluator.error().message);
  return std::move(evaluator).value();
}

// The class of each sample by the reference kernels.
std::vector<std::int64_t> Choices(const Graph& graph, const Tensor& samples) {
  Executor executor =
      Executor::Create(graph, {samples.shape()}, {Backend::kReference, false}).value();
  executor.Run(std::vector<ConstTensorRef>{samples});
  const ConstTensorRef output = executor.Output(0);
  const auto classes = static_cast<std::size_t>(output.shape[1]);
  std::vector<std::int64_t> choices;
  for (std::size_t i = 0; i < static_cast<std::size_t>(output.shape[0]); ++i) {
    const auto row = output.span<float>().subspan(i * classes, classes);
    choices.push_back(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return choices;
}

TEST(Evaluator, CountsTheShareOfRightChoices) {
  const Bench bench;
  const std::vector<std::int64_t> choices = Choices(bench.graph, bench.samples);
  double right = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) right += choices[i] == bench.labels[i] ? 1 : 0;
  const Evaluator evaluator = MakeEvaluator(bench, "top1", 2);
  EXPECT_NEAR(evaluator.float_result().value, right / 90, 1e-12);
  EXPECT_EQ(evaluator.float_result().images, 90U);
  EXPECT_EQ(evaluator.float_result().divergence, 0);
  EXPECT_EQ(evaluator.float_result().expected_drop, 0);
  EXPECT_EQ(MakeEvaluator(bench, "agreement", 2).float_result().value, 1);
}

// Every weight to int3 and every activation to 4 bits, by a plan.
struct Rounded {
  QuantTargets targets;
  Plan plan;
  std::vector<Tensor> weights;
  std::vector<ActivationQuantizer> quantizers;
  Rounding rounding;
  std::vector<Rounding> alone;  // by target

  explicit Rounded(const Bench& bench) : targets(FindTargets(bench.graph).value()) {
    const auto statistics = Calibrate(bench.graph, targets, bench.data, 1, 1).value();
    plan.network = Fingerprint(targets);
    for (const QuantTarget& target : targets.tensors) {
      const bool weight = target.kind == TargetKind::kWeight;
      const char* spec = weight                         ? "int3:c0:fp16"
                         : plan.tensors.size() % 2 == 0 ? "int4:asym"
                                                        : "dybit4";
      plan.tensors.emplace(target.name, TensorPlan{QuantSpec::Parse(spec).value(), "mse", {}});
    }
    EXPECT_TRUE(FixScales(plan, targets, statistics).has_value());
    weights.reserve(targets.tensors.size());
    quantizers.reserve(targets.tensors.size());
    for (const QuantTarget& target : targets.tensors) {
      const TensorPlan& tensor = plan.tensors.at(target.name);
      Rounding own;
      if (target.kind == TargetKind::kWeight) {
        weights.push_back(
            Dequantize(QuantizeWeight(*bench.graph.value(target.value).constant, tensor).value()));
        own.constants[target.value] = &weights.back();
      } else {
        QuantParams params{{tensor.fixed->scale}, {}};
        if (!tensor.spec.symmetric) params.zeros = {tensor.fixed->zero};
        quantizers.push_back({tensor.spec, params});
        own.quantizers[target.value] = &quantizers.back();
      }
      rounding.constants.insert(own.constants.begin(), own.constants.end());
      rounding.quantizers.insert(own.quantizers.begin(), own.quantizers.end());
      alone.push_back(std::move(own));
    }
  }
};

void ExpectSame(const Evaluation& a, const Evaluation& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.images, b.images);
  EXPECT_EQ(a.divergence, b.divergence);
  EXPECT_EQ(a.expected_drop, b.expected_drop);
  EXPECT_EQ(a.expected_variance, b.expected_variance);
  EXPECT_EQ(a.scores, b.scores);
}

// Sums in float32, in any order, against exact ones with three roundings behind them: some units of
// 2^-24 of the sums' size, which may be tens of times that of what is left of them. No value of
// this network lies that near a tie, where it would move by a step.
void ExpectNear(const Evaluation& a, const Evaluation& b) {
  constexpr double kTolerance = 1e-4;
  EXPECT_NEAR(a.value, b.value, kTolerance * std::abs(b.value));
  EXPECT_EQ(a.images, b.images);
  EXPECT_NEAR(a.divergence, b.divergence, kTolerance * b.divergence);
  EXPECT_EQ(a.expected_drop, b.expected_drop);
  ASSERT_EQ(a.scores.size(), b.scores.size());
  for (std::size_t i = 0; i < a.scores.size(); ++i)
    EXPECT_NEAR(a.scores[i], b.scores[i], kTolerance * std::abs(b.scores[i]));
}

// What the search measures is what the plan's own graph does: the layers that run on integers there
// give the same but for the order in which floats are added.
TEST(Evaluator, RoundingEqualsTheAppliedPlan) {
  const Bench bench;
  const Rounded rounded(bench);
  const Graph applied = ApplyPlan(bench.graph, rounded.targets, rounded.plan).value();
  for (const char* metric : {"top1", "sqnr"}) {
    Evaluator evaluator = MakeEvaluator(bench, metric, 2);
    const Evaluation by_rounding = evaluator.Run(rounded.rounding).value();
    ExpectNear(evaluator.RunGraph(applied, {1, Backend::kFast, false}).value(), by_rounding);
    EXPECT_GT(by_rounding.divergence, 0);
  }
}

TEST(Evaluator, ResultsDoNotDependOnTheNumberOfThreads) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator one = MakeEvaluator(bench, "top1", 1), three = MakeEvaluator(bench, "top1", 3);
  ExpectSame(one.float_result(), three.float_result());
  ExpectSame(one.Run(rounded.rounding).value(), three.Run(rounded.rounding).value());
  EXPECT_EQ(one.Sensitivities(rounded.alone, 50).value(),
            three.Sensitivities(rounded.alone, 50).value());
}

// Each plan rounds some of the tensors that the last one rounded, and some others.
Rounding SomeOf(const Rounded& rounded, Rng& rng, Rounding last) {
  for (const Rounding& alone : rounded.alone) {
    if (rng.Uniform() > 0.25) continue;
    for (const auto& [id, tensor] : alone.constants) {
      if (last.constants.erase(id) == 0) last.constants[id] = tensor;
    }
    for (const auto& [id, quantizer] : alone.quantizers) {
      if (last.quantizers.erase(id) == 0) last.quantizers[id] = quantizer;
    }
  }
  return last;
}

TEST(Evaluator, ReusedActivationsChangeNoResult) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator plain = MakeEvaluator(bench, "sqnr", 1);
  for (const std::size_t bytes : {0U, 40'000U, 200'000U, 100'000'000U}) {
    for (const int threads : {1, 3}) {
      Evaluator reusing = MakeEvaluator(bench, "sqnr", threads);
      reusing.ReuseActivations(bytes);
      Rng rng(bytes + 1);
      Rounding rounding = rounded.rounding;
      for (int round = 0; round < 6; ++round) {
        ExpectSame(reusing.Run(rounding).value(), plain.Run(rounding).value());
        rounding = SomeOf(rounded, rng, rounding);
      }
    }
  }
}

TEST(Evaluator, RunLeavesTheFloatNetworkBehind) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator evaluator = MakeEvaluator(bench, "sqnr", 2);
  ASSERT_TRUE(evaluator.Run(rounded.rounding).has_value());
  const Evaluation again = evaluator.Run({}).value();
  EXPECT_EQ(again.divergence, 0);
  EXPECT_EQ(again.scores, evaluator.float_result().scores);
}

// One tensor at a time: the same as a whole run with it alone, but for the order of additions.
TEST(Sensitivities, AreTheDivergencesOfRunsWithOneTensorRounded) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator evaluator = MakeEvaluator(bench, "top1", 2);
  const std::vector<double> together = evaluator.Sensitivities(rounded.alone, 90).value();
  ASSERT_EQ(together.size(), rounded.alone.size());
  for (std::size_t t = 0; t < together.size(); ++t) {
    const double alone = evaluator.Run(rounded.alone[t]).value().divergence;
    EXPECT_NEAR(together[t], alone, 1e-12 + 1e-9 * alone) << rounded.targets.tensors[t].name;
  }
}

TEST(Sensitivities, LookAtTheFirstSamplesOnly) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator evaluator = MakeEvaluator(bench, "top1", 2);
  std::vector<std::size_t> first(40);
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;
  Evaluator prefix = Evaluator::Create(bench.graph, bench.data.Select(first), *FindMetric("top1"),
                                       {1, Backend::kFast, true})
                         .value();
  EXPECT_EQ(evaluator.Sensitivities(rounded.alone, 40).value(),
            prefix.Sensitivities(rounded.alone, 1000).value());
}

TEST(Sensitivities, AreTheSameWhateverIsKept) {
  const Bench bench;
  const Rounded rounded(bench);
  Evaluator evaluator = MakeEvaluator(bench, "top1", 2);
  const std::vector<double> all = evaluator.Sensitivities(rounded.alone, 60).value();
  for (const std::size_t bytes : {1, 20'000, 100'000})
    EXPECT_EQ(evaluator.Sensitivities(rounded.alone, 60, {}, bytes).value(), all) << bytes;
}

TEST(ChooseMetric, FollowsTheLabels) {
  const Dataset plain = MakeDataset(Random({3, 4}, 1));
  const Dataset labelled = MakeDataset(Random({3, 4}, 1), {0, 1, 2});
  EXPECT_EQ(ChooseMetric("", plain).value()->name, "agreement");
  EXPECT_EQ(ChooseMetric("", labelled).value()->name, "top1");
  EXPECT_EQ(ChooseMetric("sqnr", plain).value()->name, "sqnr");
  EXPECT_EQ(ChooseMetric("top1", plain).error().message,
            "--metric top1: needs labels, '" + plain.origin() +
                "' has none; give --labels or use 'agreement' or 'sqnr'");
  const Error unknown = ChooseMetric("top2", plain).error();
  EXPECT_EQ(
      unknown.message,
      "--metric: unknown metric 'top2'; nearest is 'top1' (known: agreement, auc, sqnr, top1, "
      "top5)");
  EXPECT_EQ(unknown.kind, ErrorKind::kUsage);
}

TEST(ShiftOf, IsTheMeanDifferenceAndItsStandardError) {
  Evaluation before, after;
  before.distances = {1, 2, 3, 4};
  after.distances = {2, 2, 5, 5};  // by 1, 0, 2, 1: mean 1, deviation sqrt(2/3)
  const Shift shift = ShiftOf(before, after);
  EXPECT_DOUBLE_EQ(shift.mean, 1);
  EXPECT_NEAR(shift.error, std::sqrt(2.0 / 3 / 4), 1e-12);
}

}  // namespace
}  // namespace bw
