#include "bitwright/tune/tune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "bitwright/quant/stored_bytes.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"
#include "bitwright/tune/candidates.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

constexpr std::int64_t kSamples = 400, kClasses = 4;

// conv, relu -> conv, + -> relu -> mean -> scores
Graph SmallNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 2, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {8, 2, 3, 3}, 1)}, "ra");
  const ValueId sum = net.Op("Add", {net.Conv(a, "b", {8, 8, 3, 3}, 2), a}, "sum");
  const ValueId r = net.Op("Relu", {sum}, "r");
  const ValueId flat = net.Op("Flatten", {r}, "flat");
  return net.Finish({net.Linear(flat, "scores", kClasses, 8 * 36, 4)});
}

// Random samples that carry the network's own choice as their label.
Dataset OwnChoices(const Graph& graph, std::uint64_t seed) {
  const Tensor samples = Random({kSamples, 2, 6, 6}, seed);
  Executor executor =
      Executor::Create(graph, {samples.shape()}, {Backend::kReference, false}).value();
  executor.Run(std::vector<ConstTensorRef>{samples});
  const std::span<const float> scores = executor.Output(0).span<float>();
  std::vector<std::int64_t> labels;
  for (auto row = scores.begin(); row != scores.end(); row += kClasses) {
    labels.push_back(std::max_element(row, row + kClasses) - row);
  }
  return MakeDataset(samples, labels);
}

struct Bench {
  Graph graph = SmallNetwork();
  QuantTargets targets = FindTargets(graph).value();
  Dataset samples = OwnChoices(graph, 5);
  TuneData data = SplitData({samples, {}, {}}, 1).value();
  TuneOptions options;

  Bench() {
    options.max_drop = 0.05;
    options.weight_formats = ParseFormatList("int2..8,dybit2..4").value();
    options.activation_formats = ParseFormatList("int3..8,dybit4").value();
    options.budget_seconds = 1e6;  // the number of evaluations is the limit
    options.evaluations = 20;
    options.sensitivity_samples = 32;
    options.threads = 2;
  }
};

struct Tuned {
  TuneResult result;
  std::vector<std::string> saved;
};

Tuned RunTune(const Bench& bench) {
  std::vector<std::string> saved;
  const auto save = [&](const Plan& plan, const auto&...) -> Expected<void> {
    saved.push_back(PlanToJson(plan));
    return {};
  };
  Expected<TuneResult> result =
      Tune(bench.graph, bench.targets, bench.data, *FindMetric("top1"), bench.options, save);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  return {std::move(result).value(), saved};
}

// The bench tuned as it stands, once for all tests that only look at it.
const Tuned& DefaultTuned() {
  static const Tuned tuned = RunTune(Bench());
  return tuned;
}

TEST(Tune, FindsASmallPlanWithinTheBound) {
  const Bench bench;
  const Tuned& tuned = DefaultTuned();
  const TuneResult& result = tuned.result;
  EXPECT_TRUE(result.feasible);
  EXPECT_LE(result.search_drop, bench.options.max_drop);
  EXPECT_LE(result.evaluations, bench.options.evaluations);
  EXPECT_EQ(result.float_test.value, 1);  // the labels are its own choices
  EXPECT_EQ(result.float_test.images, bench.data.test.size());
  EXPECT_EQ(result.quantized_test.images, bench.data.test.size());
  EXPECT_TRUE(CheckPlan(result.plan, bench.targets, "plan").has_value());
  EXPECT_EQ(result.plan.tensors.size(), bench.targets.tensors.size());
  EXPECT_EQ(result.chosen.size(), bench.targets.tensors.size());
  EXPECT_EQ(result.statistics.size(), bench.targets.tensors.size());
  const Sizes sizes = PlanSizes(bench.targets, result.plan);
  EXPECT_LT(5 * sizes.weight_bytes, sizes.weight_float_bytes);
  EXPECT_LT(4 * sizes.activation_bytes, sizes.activation_float_bytes);
}

TEST(Tune, SavesEachBetterPlanAndLastTheResult) {
  const Tuned& tuned = DefaultTuned();
  ASSERT_FALSE(tuned.saved.empty());
  EXPECT_EQ(tuned.saved.back(), PlanToJson(tuned.result.plan));
}

// The reported accuracy is that of the plan's own graph, run here by a new evaluator.
TEST(Tune, ReportsWhatThePlansOwnGraphGives) {
  const Bench bench;
  const TuneResult& result = DefaultTuned().result;
  const Evaluator fresh = Evaluator::Create(result.quantized, bench.data.test, *FindMetric("top1"),
                                            {1, Backend::kFast, false})
                              .value();
  EXPECT_EQ(result.quantized_test.value, fresh.float_result().value);
}

TEST(Tune, DoesNotDependOnTheNumberOfThreads) {
  Bench one;
  one.options.threads = 1;
  const Tuned by_one = RunTune(one);
  const Tuned& by_two = DefaultTuned();
  EXPECT_EQ(PlanToJson(by_one.result.plan), PlanToJson(by_two.result.plan));
  EXPECT_EQ(by_one.saved, by_two.saved);
  EXPECT_EQ(by_one.result.quantized_test.scores, by_two.result.quantized_test.scores);
}

TEST(Tune, SaysSoWhenNothingMeetsTheBound) {
  Bench bench;
  bench.options.max_drop = -1;  // would have to be right more often than always
  const Tuned tuned = RunTune(bench);
  EXPECT_FALSE(tuned.result.feasible);
  EXPECT_TRUE(tuned.saved.empty());
  EXPECT_EQ(tuned.result.plan.tensors.size(), bench.targets.tensors.size());
}

TEST(Tune, MinimizesWhatItIsTold) {
  Bench weights, activations;
  weights.options.demand.minimize = "weights";
  activations.options.demand.minimize = "activations";
  const Sizes small_weights = PlanSizes(weights.targets, RunTune(weights).result.plan);
  const Sizes small_activations = PlanSizes(activations.targets, RunTune(activations).result.plan);
  EXPECT_LT(small_weights.weight_bytes, small_activations.weight_bytes);
  EXPECT_LT(small_activations.activation_bytes, small_weights.activation_bytes);
}

TEST(Tune, PassesOnTheErrorOfSaving) {
  const Bench bench;
  const auto save = [](const Plan&, const auto&...) -> Expected<void> {
    return Fail("the disk is full");
  };
  const Expected<TuneResult> result =
      Tune(bench.graph, bench.targets, bench.data, *FindMetric("top1"), bench.options, save);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "the disk is full");
}

TEST(Tune, RefusesLabelsThatTheNetworkCannotHaveLearnt) {
  Bench bench;
  std::vector<std::int64_t> labels;
  Rng rng(9);
  for (std::int64_t i = 0; i < kSamples; ++i) {
    labels.push_back(static_cast<std::int64_t>(rng.Below(kClasses)));
  }
  const Dataset wrong = MakeDataset(Random({kSamples, 2, 6, 6}, 5), labels);
  bench.data = SplitData({wrong, {}, {}}, 1).value();
  const auto save = [](const Plan&, const auto&...) -> Expected<void> { return {}; };
  const Expected<TuneResult> result =
      Tune(bench.graph, bench.targets, bench.data, *FindMetric("top1"), bench.options, save);
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("check the preprocessing"), std::string::npos);
  bench.options.force = true;
  EXPECT_TRUE(Tune(bench.graph, bench.targets, bench.data, *FindMetric("top1"), bench.options, save)
                  .has_value());
}

// 10 samples, 6 of class 0: guessing gives 0.6, plausible is above 0.66.
TEST(CheckPlausible, ComparesWithGuessingTheCommonestClass) {
  const Dataset data = MakeDataset(Random({10, 2}, 1), {0, 0, 0, 0, 0, 0, 1, 1, 2, 2});
  const auto check = [&](const char* metric, double value) {
    Evaluation evaluation;
    evaluation.value = value;
    evaluation.images = 10;
    const Expected<void> plausible = CheckPlausible(evaluation, *FindMetric(metric), data);
    return plausible ? "plausible" : plausible.error().message;
  };
  EXPECT_EQ(check("top1", 0.67), "plausible");
  EXPECT_EQ(check("top1", 0.5),
            data.origin() +
                ": the float network's top1 is 0.5000 on 10 samples, guessing gives 0.6000; check "
                "the preprocessing (scale, mean, std, colour order, layout) and the labels, or go "
                "on with --force");
  EXPECT_EQ(check("auc", 0.6), "plausible");
  EXPECT_NE(check("auc", 0.5), "plausible");
  EXPECT_EQ(check("agreement", 0.0), "plausible");
  EXPECT_EQ(check("sqnr", -5.0), "plausible");
}

std::vector<Candidate> Candidates(const Bench& bench, int threads) {
  const auto statistics =
      Calibrate(bench.graph, bench.targets, bench.data.calibration, 1, 1).value();
  TuneOptions options = bench.options;
  options.threads = threads;
  return MakeCandidates(bench.graph, bench.targets, statistics, options).value();
}

TEST(MakeCandidates, KeepsTheBestFormatOfEachWidth) {
  const Bench bench;
  const std::vector<Candidate> candidates = Candidates(bench, 2);
  std::map<std::size_t, std::vector<int>> widths;
  for (const Candidate& candidate : candidates) {
    const QuantTarget& target = bench.targets.tensors[candidate.target];
    widths[candidate.target].push_back(candidate.plan.spec.element.bits());
    EXPECT_EQ(candidate.bytes, StoredBytes(target, &candidate.plan.spec));
    EXPECT_GT(candidate.local_error, 0);
    if (target.kind != TargetKind::kWeight) {
      EXPECT_TRUE(candidate.plan.HasScale());
      continue;
    }
    // No other format of that width rounds the tensor better, by a computation of our own.
    const Tensor& weight = *bench.graph.value(target.value).constant;
    const auto error = [&](const QuantSpec& spec) {
      const Tensor rounded = Dequantize(QuantizeWeight(weight, {spec, "mse", {}}).value());
      double sum = 0;
      for (std::size_t i = 0; i < weight.span<float>().size(); ++i) {
        sum += std::pow(static_cast<double>(weight.span<float>()[i]) -
                            static_cast<double>(rounded.span<float>()[i]),
                        2);
      }
      return sum;
    };
    for (const Format& format : bench.options.weight_formats) {
      if (format.bits() != candidate.plan.spec.element.bits()) continue;
      EXPECT_LE(error(candidate.plan.spec),
                error(QuantSpec::Parse(format.name() + ":c0:fp16").value()) * (1 + 1e-9));
    }
  }
  for (std::size_t t = 0; t < bench.targets.tensors.size(); ++t) {
    const bool weight = bench.targets.tensors[t].kind == TargetKind::kWeight;
    EXPECT_EQ(widths[t], weight ? (std::vector<int>{8, 7, 6, 5, 4, 3, 2})
                                : (std::vector<int>{8, 7, 6, 5, 4, 3}));
  }
}

TEST(MakeCandidates, ActivationsWithoutNegativeValuesTakeUnsignedForms) {
  const Bench bench;
  std::size_t seen = 0;
  for (const Candidate& candidate : Candidates(bench, 1)) {
    const std::string& name = bench.targets.tensors[candidate.target].name;
    if (name != "ra" && name != "r" && name != "x") continue;
    EXPECT_EQ(candidate.plan.spec.element.info().is_signed, name == "x");
    ++seen;
  }
  EXPECT_EQ(seen, 18U);
}

TEST(MakeCandidates, EndsARowThatBlocksDoNotDivideInAShorterBlock) {
  Bench bench;
  bench.options.weight_scaling = "b24:fp16";  // rows of a.w have 18 elements
  std::map<std::string, std::string> scalings;
  for (const Candidate& candidate : Candidates(bench, 2)) {
    const QuantTarget& target = bench.targets.tensors[candidate.target];
    const std::string text = candidate.plan.spec.ToString();
    if (target.kind == TargetKind::kWeight) scalings[target.name] = text.substr(text.find(':'));
  }
  EXPECT_EQ(scalings,
            (std::map<std::string, std::string>{
                {"a.w", ":m1x24:fp16"}, {"b.w", ":b24:fp16"}, {"scores.w", ":b24:fp16"}}));
}

TEST(MakeCandidates, DoesNotDependOnTheNumberOfThreads) {
  const Bench bench;
  const std::vector<Candidate> one = Candidates(bench, 1), three = Candidates(bench, 3);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t c = 0; c < one.size(); ++c) {
    EXPECT_EQ(one[c].target, three[c].target);
    EXPECT_EQ(one[c].plan.spec, three[c].plan.spec);
    EXPECT_EQ(one[c].local_error, three[c].local_error);
  }
}

TEST(MakeCandidates, NamesTheFlagOfABadScaling) {
  Bench bench;
  bench.options.weight_scaling = "q:fp16";
  const auto statistics =
      Calibrate(bench.graph, bench.targets, bench.data.calibration, 1, 1).value();
  const auto candidates = MakeCandidates(bench.graph, bench.targets, statistics, bench.options);
  ASSERT_FALSE(candidates.has_value());
  EXPECT_TRUE(candidates.error().message.starts_with("--weight-scaling: "))
      << candidates.error().message;
}

TEST(Drop, IsWhatTheMetricLost) {
  Evaluation before, after;
  before.value = 0.75;
  after.value = 0.5;
  EXPECT_EQ(Drop(before, after), 0.25);
  EXPECT_EQ(Drop(after, before), -0.25);
}

// Up to 50 samples each are a group: the deviation of the paired differences 1, 0, 0, 1 is
// sqrt(1 / 3), over sqrt(4).
TEST(DropStandardError, PairsTheTwoRuns) {
  const Dataset data = MakeDataset(Random({4, 2}, 1), {0, 1, 0, 1});
  Evaluation before, after;
  before.scores = {1, 1, 0, 1};
  after.scores = {0, 1, 0, 0};
  EXPECT_NEAR(DropStandardError(*FindMetric("top1"), data, before, after), std::sqrt(1.0 / 12),
              1e-12);
  EXPECT_EQ(DropStandardError(*FindMetric("top1"), data, before, before), 0);
}

}  // namespace
}  // namespace bw
