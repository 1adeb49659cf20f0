#include "bitwright/quant/self_distillation.h"

#include <gtest/gtest.h>

#include <limits>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Random;
using testing_networks::RandomClassifier;

struct Bench {
  Graph graph = RandomClassifier(41, 14);
  QuantTargets targets = FindTargets(graph).value();
  Dataset data = MakeDataset(Random({64, 4, 6, 6}, 7));
  std::vector<ActivationStatistics> statistics = Calibrate(graph, targets, data, 1, 1).value();
  Plan plan;

  Bench() {
    plan.network = Fingerprint(targets);
    for (const QuantTarget& target : targets.tensors) {
      if (target.kind != TargetKind::kActivation) continue;
      plan.tensors.emplace(target.name, TensorPlan{QuantSpec::Parse("int3:asym").value(),
                                                   std::string(kScaleByOutput), std::nullopt});
    }
  }
  Evaluator MakeEvaluator(int threads) const {
    return Evaluator::Create(graph, data, *FindMetric("agreement"), {threads, Backend::kFast, true})
        .value();
  }
  // The damage of one activation's rounding under a rule, by a whole run.
  double Damage(Evaluator& evaluator, const QuantTarget& target, const std::string& rule) const {
    const std::size_t t = static_cast<std::size_t>(&target - targets.tensors.data());
    TensorPlan entry{plan.tensors.at(target.name).spec, rule, std::nullopt};
    const ActivationQuantizer quantizer{
        entry.spec, ActivationParams(target.name, entry, &statistics[t]).value()};
    Rounding rounding;
    rounding.quantizers[target.value] = &quantizer;
    return evaluator.Run(rounding).value().divergence;
  }
};

TEST(ChooseScalesByOutput, TakesTheRuleThatMovesTheOutputLeast) {
  Bench bench;
  Evaluator evaluator = bench.MakeEvaluator(2);
  ASSERT_TRUE(NeedsOutputScales(bench.plan));
  ASSERT_TRUE(
      ChooseScalesByOutput(bench.plan, bench.graph, bench.targets, bench.statistics, evaluator));
  EXPECT_FALSE(NeedsOutputScales(bench.plan));
  for (const QuantTarget& target : bench.targets.tensors) {
    if (target.kind != TargetKind::kActivation) continue;
    const TensorPlan& entry = bench.plan.tensors.at(target.name);
    EXPECT_TRUE(entry.HasScale());
    double least = std::numeric_limits<double>::infinity();
    for (const char* rule : {"max", "norm=5", "norm=3", "mse"})
      least = std::min(least, bench.Damage(evaluator, target, rule));
    EXPECT_NEAR(bench.Damage(evaluator, target, entry.scale_method), least, 1e-9 + least * 1e-6)
        << target.name;
  }
}

TEST(ChooseScalesByOutput, LeavesNamedRulesAlone) {
  Bench bench;
  const std::string first = bench.plan.tensors.begin()->first;
  bench.plan.tensors.begin()->second.scale_method = "percentile=99";
  Evaluator evaluator = bench.MakeEvaluator(1);
  ASSERT_TRUE(
      ChooseScalesByOutput(bench.plan, bench.graph, bench.targets, bench.statistics, evaluator));
  EXPECT_EQ(bench.plan.tensors.at(first).scale_method, "percentile=99");
  EXPECT_FALSE(bench.plan.tensors.at(first).fixed);
}

TEST(ChooseScalesByOutput, DoesNotDependOnThreads) {
  Bench one, three;
  Evaluator with_one = one.MakeEvaluator(1), with_three = three.MakeEvaluator(3);
  ASSERT_TRUE(ChooseScalesByOutput(one.plan, one.graph, one.targets, one.statistics, with_one));
  ASSERT_TRUE(
      ChooseScalesByOutput(three.plan, three.graph, three.targets, three.statistics, with_three));
  EXPECT_EQ(PlanToJson(one.plan), PlanToJson(three.plan));
}

}  // namespace
}  // namespace bw
