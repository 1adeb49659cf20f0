#include "bitwright/tune/repaired_plans.h"

#include <gtest/gtest.h>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"
#include "bitwright/tune/judge.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Random;
using testing_networks::RandomClassifier;

struct Case {
  Graph graph = RandomClassifier(41, 8);
  QuantTargets targets = FindTargets(graph).value();
  TuneData data = SplitData({MakeDataset(Random({240, 4, 6, 6}, 7)), {}, {}}, 1).value();
  TuneOptions options;
  TrialMap memo;
  std::optional<PlanSpace> plans;

  explicit Case(Effort effort, int threads = 2) {
    options.weight_formats = options.activation_formats = ParseFormatList("int2,int3,int6").value();
    options.methods = MethodsFor(effort, {}).value();
    options.sensitivity_samples = 32;
    options.threads = threads;
    plans = PlanSpace::Create(graph, targets, data, *FindMetric("agreement"), options, memo, {})
                .value();
  }
  // Every tensor at its widest choice but one, or its narrowest but one.
  Assignment At(std::size_t choice) const { return Assignment(plans->losses().size(), choice); }
};

TEST(RepairedPlans, AreNoWorseOnTheSearchSamplesThanUnrepairedOnes) {
  Case best(Effort::kBest);
  RepairedPlans repaired(*best.plans, best.data, best.options, {}, {});
  for (const std::size_t choice : {std::size_t{0}, std::size_t{1}}) {
    const Assignment at = best.At(choice);
    const Evaluation before = best.plans->Measure(at, Fidelity::kFull).value();
    const RepairedPlan* const made = repaired.Make(at).value();
    EXPECT_LE(made->evaluation.divergence, before.divergence * (1 + 1e-6));
    EXPECT_LE(CautiousDrop(best.plans->search(), made->evaluation, best.options),
              CautiousDrop(best.plans->search(), before, best.options) + 1e-9);
  }
}

// int2 everywhere.
TEST(RepairedPlans, ComeNearerToTheFloatNetwork) {
  Case best(Effort::kBest);
  RepairedPlans repaired(*best.plans, best.data, best.options, {}, {});
  const Evaluation before = best.plans->Measure(best.At(2), Fidelity::kFull).value();
  EXPECT_LT(repaired.Make(best.At(2)).value()->evaluation.divergence, 0.9 * before.divergence);
}

TEST(RepairedPlans, TheirNetworkIsTheirPlansOwn) {
  Case best(Effort::kBest);
  RepairedPlans repaired(*best.plans, best.data, best.options, {}, {});
  const RepairedPlan* const made = repaired.Make(best.At(1)).value();
  const Plan read = PlanFromJson(PlanToJson(made->plan), "plan").value();
  // Where learning was refused the weights are compensated, and rounded from the layers' inputs.
  const Graph again =
      ApplyPlan(best.plans->graph(), best.targets, read,
                NeedsLayerInputs(read)
                    ? best.plans->Codes(best.At(1))
                    : QuantizeWeights(best.plans->graph(), best.targets, read, {}, 1).value())
          .value();
  const Evaluation evaluation =
      best.plans->search().RunGraph(again, {1, Backend::kFast, false}).value();
  EXPECT_EQ(evaluation.scores, made->evaluation.scores);
  EXPECT_EQ(evaluation.divergence, made->evaluation.divergence);
}

TEST(RepairedPlans, DoNotDependOnTheNumberOfThreads) {
  Case one(Effort::kBest, 1), three(Effort::kBest, 3);
  RepairedPlans by_one(*one.plans, one.data, one.options, {}, {});
  RepairedPlans by_three(*three.plans, three.data, three.options, {}, {});
  EXPECT_EQ(PlanToJson(by_one.Make(one.At(1)).value()->plan),
            PlanToJson(by_three.Make(three.At(1)).value()->plan));
}

TEST(RepairedPlans, AreNothingNewWithoutMethods) {
  Case fast(Effort::kFast);
  RepairedPlans repaired(*fast.plans, fast.data, fast.options, {}, {});
  EXPECT_TRUE(repaired.empty());
  EXPECT_EQ(PlanToJson(repaired.Make(fast.At(0)).value()->plan),
            PlanToJson(fast.plans->PlanOf(fast.At(0))));
}

// A judge that finds every repaired network worse.
TEST(RepairedPlans, KeepNothingThatAJudgeFindsWorse) {
  Case standard(Effort::kStandard);
  int asked = 0;
  const NetworkValue falling = [&](const Graph&) -> Expected<std::optional<double>> {
    return 1.0 - asked++;
  };
  RepairedPlans repaired(*standard.plans, standard.data, standard.options, falling, {});
  const RepairedPlan* const made = repaired.Make(standard.At(1)).value();
  EXPECT_EQ(PlanToJson(made->plan), PlanToJson(standard.plans->PlanOf(standard.At(1))));
  EXPECT_EQ(made->value, 1.0);
}

}  // namespace
}  // namespace bw
