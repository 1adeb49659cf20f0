#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bitwright/quant/repair.h"
#include "bitwright/quant/scale_channels.h"
#include "bitwright/quant/self_distillation.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/quant/uniform_plan.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

// Convolutions whose output channels differ in size by factors up to 64, as folded batch
// normalizations leave them.
Graph UnevenNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {8, 3, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {8, 1, 3, 3}, 2, 8)}, "rb");
  const ValueId c = net.Op("Relu", {net.Conv(b, "c", {8, 8, 1, 1}, 3)}, "rc");
  const ValueId flat = net.Op("Flatten", {c}, "flat");
  Graph graph = net.Finish({net.Linear(flat, "scores", 5, 8 * 36, 4)});
  const ChannelClasses classes = ChannelClasses::Find(graph).value();
  std::vector<float> factors(classes.count(), 1.0F);
  for (std::size_t k = 0; k < factors.size(); ++k) {
    if (!classes.IsFixed(static_cast<int>(k)))
      factors[k] = static_cast<float>(std::exp2(static_cast<double>(k % 7)));
  }
  EXPECT_TRUE(ScaleChannels(graph, FactorsByLayer(graph, classes, factors)));
  return graph;
}

struct Bench {
  Graph graph = UnevenNetwork();
  QuantTargets targets = FindTargets(graph).value();
  Dataset data = MakeDataset(Random({70, 3, 6, 6}, 7));
  MethodContext context;
  std::string activation_method{kScaleByOutput};

  Bench() {
    context.calibration = &data;
    context.metric = FindMetric("sqnr");
    context.threads = 2;
  }
  Repaired Run(Effort effort, const std::string& weights, const std::string& activations,
               std::vector<std::string> without = {}) const {
    return RunMethods(MethodsFor(effort, without).value(), weights, activations);
  }
  Repaired RunMethods(const std::vector<const Method*>& methods, const std::string& weights,
                      const std::string& activations) const {
    Statistics statistics = CollectStatistics(graph, targets, NeedsOf(methods), context).value();
    UniformChoice choice;
    choice.activation_method = activation_method;
    choice.spec = [&](const QuantTarget& target) -> SpecText {
      return {target.kind == TargetKind::kWeight ? weights : activations, "test"};
    };
    Plan plan = UniformPlan(targets, statistics.activations, choice).value();
    auto repaired = Repair(graph, targets, std::move(plan), std::move(statistics),
                           {methods, Gains::kMeasure}, context);
    EXPECT_TRUE(repaired.has_value()) << (repaired ? "" : repaired.error().message);
    return std::move(repaired).value();
  }
};

double After(const Repaired& repaired, const std::string& method) {
  for (const MethodGain& gain : repaired.gains) {
    if (gain.method == method) return gain.divergence;
  }
  ADD_FAILURE() << method;
  return 0;
}

TEST(CrossLayerEqualization, QuartersTheErrorOfUnevenChannels) {
  const Bench bench;
  const Repaired repaired = bench.Run(Effort::kStandard, "int8", "int6");
  EXPECT_FALSE(repaired.plan.channel_scales.empty());
  EXPECT_LT(After(repaired, "cross_layer_equalization"), After(repaired, "nearest") / 4);
}

TEST(CrossLayerEqualization, LeavesRangesOfTensorsAsTheyWere) {
  const Bench bench;
  const auto before = Calibrate(bench.graph, bench.targets, bench.data, 1, 2).value();
  const Repaired repaired = bench.Run(Effort::kStandard, "int8", "int8");
  const auto after = Calibrate(repaired.graph, bench.targets, bench.data, 1, 2).value();
  for (std::size_t t = 0; t < before.size(); ++t) {
    EXPECT_NEAR(after[t].max, before[t].max, 1e-4 * std::abs(before[t].max));
    EXPECT_NEAR(after[t].min, before[t].min, 1e-4 * std::abs(before[t].min));
  }
}

TEST(CrossLayerEqualization, KnowsTheStatisticsOfTheScaledNetworkWithoutASweep) {
  const Bench bench;
  const Repaired repaired = bench.Run(Effort::kStandard, "int8", "int8");
  const MethodContext& context = bench.context;
  const auto swept = CollectStatistics(repaired.graph, bench.targets,
                                       std::vector<Statistic>{Statistic::kLayerInputs}, context)
                         .value();
  for (std::size_t t = 0; t < bench.targets.tensors.size(); ++t) {
    const ActivationStatistics &known = repaired.statistics.activations[t],
                               &found = swept.activations[t];
    ASSERT_EQ(known.sample.size(), found.sample.size());
    for (std::size_t i = 0; i < known.sample.size(); ++i)
      EXPECT_NEAR(known.sample[i], found.sample[i], 1e-4 * (found.max - found.min));
    EXPECT_NEAR(known.sum_squares, found.sum_squares, 1e-4 * found.sum_squares);
    const LayerInputs &rows = repaired.statistics.inputs[t], &again = swept.inputs[t];
    ASSERT_EQ(rows.rows.size(), again.rows.size());
    for (std::size_t i = 0; i < rows.rows.size(); i += 17)
      EXPECT_NEAR(rows.rows[i], again.rows[i], 1e-4 * (1 + std::abs(again.rows[i])));
  }
}

TEST(CrossLayerEqualization, LeavesNetworksWithoutRoundedActivationsAlone) {
  const Bench bench;
  EXPECT_TRUE(bench.Run(Effort::kStandard, "int4", "fp32").plan.channel_scales.empty());
}

TEST(CrossLayerEqualization, LeavesFittedAndBlockwiseActivationsAlone) {
  const Bench bench;
  for (const char* activations : {"lut4", "mxfp4", "fixed4:b4:e8m0"}) {
    const Repaired repaired = bench.Run(Effort::kStandard, "int8", activations);
    EXPECT_TRUE(repaired.plan.channel_scales.empty()) << activations;
    EXPECT_LE(repaired.gains.back().divergence, repaired.gains.front().divergence) << activations;
  }
}

TEST(Repair, EachEffortIsNearerToTheFloatNetwork) {
  const Bench bench;
  const Repaired fast = bench.Run(Effort::kFast, "int4", "int6");
  const Repaired standard = bench.Run(Effort::kStandard, "int4", "int6");
  EXPECT_LE(fast.gains.back().divergence, fast.gains.front().divergence);
  EXPECT_LT(standard.gains.back().divergence, fast.gains.back().divergence / 2);
  EXPECT_EQ(standard.layers, (std::vector<std::string>{"a", "b", "c", "scores"}));
  for (const MethodGain& gain : standard.gains) EXPECT_EQ(gain.layers.size(), 4U);
}

TEST(Repair, PlanGivesTheSameNetworkAgain) {
  const Bench bench;
  const Repaired repaired = bench.Run(Effort::kStandard, "int4", "int8");
  const Plan plan = PlanFromJson(PlanToJson(repaired.plan), "plan").value();
  Graph graph = bench.graph;
  ASSERT_TRUE(ScaleChannels(graph, plan.channel_scales));
  Statistics statistics =
      CollectStatistics(bench.graph, bench.targets, std::vector<Statistic>{Statistic::kLayerInputs},
                        bench.context)
          .value();
  // The rows drawn from the scaled network may differ in the last bit; those kept are the same.
  statistics = repaired.statistics;
  const Repaired again =
      Repair(graph, bench.targets, plan, std::move(statistics), {}, bench.context).value();
  ASSERT_EQ(again.quantized.values.size(), repaired.quantized.values.size());
  for (std::size_t v = 0; v < again.quantized.values.size(); ++v) {
    const Value &a = again.quantized.values[v], &b = repaired.quantized.values[v];
    ASSERT_EQ(a.quantized.has_value(), b.quantized.has_value());
    if (!a.quantized) continue;
    EXPECT_EQ(a.quantized->codes, b.quantized->codes) << a.name;
  }
}

TEST(Repair, DoesNotDependOnTheNumberOfThreads) {
  Bench bench;
  const std::string two = PlanToJson(bench.Run(Effort::kStandard, "int4", "int6").plan);
  bench.context.threads = 1;
  EXPECT_EQ(PlanToJson(bench.Run(Effort::kStandard, "int4", "int6").plan), two);
}

TEST(Repair, StandsOneCalibrationSampleAndDeadChannels) {
  Bench bench;
  bench.data = MakeDataset(Tensor(DType::kFloat32, {1, 3, 6, 6}));  // zeros: nothing is alive
  const Repaired repaired = bench.Run(Effort::kStandard, "int4", "int8");
  EXPECT_EQ(repaired.gains.size(), MethodsFor(Effort::kStandard, {})->size() + 1);
  for (const Value& value : repaired.quantized.values) {
    if (!value.constant || value.constant->dtype() != DType::kFloat32) continue;
    for (const float x : value.constant->span<float>()) ASSERT_TRUE(std::isfinite(x)) << value.name;
  }
}

TEST(ForwardCompensation, BringsTheOutputNearerThanCompensationByFloatInputs) {
  const Bench bench;
  const Repaired repaired = bench.Run(Effort::kStandard, "int4", "int4", {"bias_correction"});
  EXPECT_LT(After(repaired, "forward_compensation"), After(repaired, "compensated_rounding"));
  for (const auto& [name, tensor] : repaired.plan.tensors) {
    const bool weight = tensor.rounding != WeightRounding::kNearest;
    EXPECT_EQ(tensor.HasCodes(), weight) << name;
  }
}

TEST(ForwardCompensation, LeavesLayersOfEightBitsToTheCorrectionOfBiases) {
  const Bench bench;
  const Repaired repaired = bench.Run(Effort::kStandard, "int8", "int8");
  for (const auto& [name, tensor] : repaired.plan.tensors) EXPECT_FALSE(tensor.HasCodes()) << name;
  EXPECT_FALSE(repaired.plan.biases.empty());
}

TEST(JointClipping, BringsTheOutputNearerThanRulesThatClipTooMuch) {
  Bench bench;
  bench.activation_method = "percentile=60";
  const Repaired apart =
      bench.Run(Effort::kStandard, "int8", "int4", {"joint_clipping", "forward_compensation"});
  const Repaired together = bench.Run(Effort::kStandard, "int8", "int4", {"forward_compensation"});
  EXPECT_LT(together.gains.back().divergence, apart.gains.back().divergence / 2);
}

TEST(JointClipping, LeavesWideActivationsAlone) {
  const Bench bench;
  for (const MethodGain& gain : bench.Run(Effort::kStandard, "int4", "int8").gains) {
    if (gain.method != "joint_clipping") continue;
    EXPECT_EQ(gain.note, "no activation of at most 6 bits");
  }
}

// Spoils whatever it gets its hands on.
Expected<std::string> Spoil(QuantDraft& draft, const MethodContext&) {
  for (auto& [unused, tensor] : draft.plan.tensors) {
    if (tensor.fixed) tensor.fixed->scale *= 100;
  }
  for (Value& value : draft.quantized.values) {
    if (value.constant && !value.quantized && value.constant->dtype() == DType::kFloat32)
      value.constant->span<float>()[0] += 1000;
  }
  return std::string("spoiled");
}

TEST(Repair, UndoesAMethodThatLeadsAway) {
  const Bench bench;
  const auto known = MethodsFor(Effort::kStandard, {}).value();
  const Plan good = bench.RunMethods(known, "int4", "int4").plan;
  for (const Stage stage : {Stage::kClipping, Stage::kRounding, Stage::kBiases}) {
    const Method bad{"bad", "", stage, Effort::kStandard, {}, Spoil};
    auto methods = known;
    methods.insert(std::find_if(methods.begin(), methods.end(),
                                [&](const Method* method) { return method->stage > stage; }),
                   &bad);
    const Repaired repaired = bench.RunMethods(methods, "int4", "int4");
    EXPECT_EQ(PlanToJson(repaired.plan), PlanToJson(good));
    for (const MethodGain& gain : repaired.gains) {
      if (gain.method != "bad") continue;
      EXPECT_FALSE(gain.kept);
      EXPECT_EQ(gain.note.find("undone: "), 0U) << gain.note;
    }
  }
}

TEST(HoldOut, TakesEveryEighthAndAllOfAFew) {
  const Dataset many = MakeDataset(Random({40, 2}, 1)), few = MakeDataset(Random({15, 2}, 1));
  EXPECT_EQ(HoldOut(many).fitting.size(), 35U);
  EXPECT_EQ(HoldOut(many).held_out.size(), 5U);
  EXPECT_EQ(HoldOut(few).fitting.size(), 15U);
  EXPECT_EQ(HoldOut(few).held_out.size(), 15U);
}

TEST(MethodsFor, NamesTheKnownOnesWhenAskedForAnother) {
  const auto methods = MethodsFor(Effort::kBest, std::vector<std::string>{"bias_corection"});
  ASSERT_FALSE(methods.has_value());
  EXPECT_NE(methods.error().message.find("nearest is 'bias_correction'"), std::string::npos);
  EXPECT_FALSE(EffortNamed("turbo").has_value());
}

TEST(MethodsFor, RunsNetworkBeforeScalesBeforeRoundingBeforeBiases) {
  const auto methods = MethodsFor(Effort::kStandard, {}).value();
  EXPECT_TRUE(std::is_sorted(methods.begin(), methods.end(),
                             [](const auto* a, const auto* b) { return a->stage < b->stage; }));
  EXPECT_GE(methods.size(), 4U);
}

}  // namespace
}  // namespace bw
