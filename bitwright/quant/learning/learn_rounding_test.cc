#include "bitwright/quant/learning/learn_rounding.h"

#include <gtest/gtest.h>

#include "bitwright/quant/bias_correction.h"
#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

// A network with a plan, its starting codes and samples.
struct Bench {
  Graph graph;
  QuantTargets targets;
  Dataset data;
  Plan plan;
  WeightCodes start;

  Bench(Graph network, Dataset samples, const std::string& weights, const std::string& activations)
      : graph(std::move(network)), targets(FindTargets(graph).value()), data(std::move(samples)) {
    plan.network = Fingerprint(targets);
    const auto statistics = Calibrate(graph, targets, data, 1, 1).value();
    for (const QuantTarget& target : targets.tensors) {
      const bool weight = target.kind == TargetKind::kWeight;
      const std::string& spec = weight ? weights : activations;
      if (spec.empty()) continue;
      TensorPlan tensor{QuantSpec::Parse(spec).value(), "mse", {}};
      if (weight) tensor.rounding = WeightRounding::kCompensated;
      plan.tensors.emplace(target.name, tensor);
    }
    EXPECT_TRUE(FixScales(plan, targets, statistics).has_value());
    const auto inputs = CollectLayerInputs(graph, targets, data, 1, 1).value();
    start = QuantizeWeights(graph, targets, plan, inputs, 1).value();
  }

  Learned Learn(int threads, double macs = 1.5e8) const {
    LearningOptions options;
    options.threads = threads;
    options.macs = macs;
    auto learned = LearnRounding(graph, targets, plan, start, data, options);
    EXPECT_TRUE(learned.has_value()) << learned.error().message;
    return *std::move(learned);
  }

  // Squared error of the network's output over the samples.
  double Error(const Plan& of, const WeightCodes& codes) const {
    const Graph quantized = ApplyPlan(graph, targets, of, codes).value();
    const Tensor input = data.Batch(0, data.size()).value();
    const ConstTensorRef ref = input;
    Executor wanted = Executor::Create(graph, {input.shape()}, {}).value();
    Executor found = Executor::Create(quantized, {input.shape()}, {}).value();
    wanted.Run({&ref, 1});
    found.Run({&ref, 1});
    double error = 0;
    for (std::size_t i = 0; i < wanted.Output(0).span<float>().size(); ++i) {
      const double d = static_cast<double>(wanted.Output(0).span<float>()[i]) -
                       static_cast<double>(found.Output(0).span<float>()[i]);
      error += d * d;
    }
    return error;
  }
};

Graph ResidualNetwork() {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 3, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {4, 1, 3, 3}, 2, 4)}, "rb");
  const ValueId c = net.Conv(b, "c", {4, 4, 1, 1}, 3);
  const ValueId d = net.Op("Relu", {net.Op("Add", {c, a}, "sum")}, "rd");
  const ValueId pooled = net.Op("Flatten", {net.Op("GlobalAveragePool", {d}, "pool")}, "flat");
  const ValueId w = net.Constant("w", Random({4, 5}, 4));
  return net.Finish({net.Op("Gemm", {pooled, w}, "y")});
}

Dataset Samples(std::int64_t count, std::uint64_t seed = 5) {
  return MakeDataset(Random({count, 3, 6, 6}, seed));
}

TEST(LearnRounding, ComesNearerToTheFloatNetworkThanCompensationOverTheFormats) {
  double found = 0, before = 0;
  int kept = 0;
  for (const char* spec : {"int3:c0", "dybit3:c0", "lut3:c0", "int3:c0:e8m0"}) {
    SCOPED_TRACE(spec);
    const Bench bench(ResidualNetwork(), Samples(96), spec, "uint4:asym");
    const Learned learned = bench.Learn(2);
    found += bench.Error(learned.plan, learned.codes);
    before += bench.Error(bench.plan, bench.start);
    for (const RegionReport& region : learned.regions) {
      EXPECT_EQ(region.refused, "");
      EXPECT_EQ(region.kept, region.after < region.before);
      kept += region.kept ? 1 : 0;
    }
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(found, before);
}

TEST(LearnRounding, GivesTheSameBytesForAnyNumberOfThreads) {
  const Bench bench(ResidualNetwork(), Samples(64), "int4:c0", "uint4:asym");
  const Learned one = bench.Learn(1);
  for (const int threads : {2, 5})
    EXPECT_EQ(PlanToJson(bench.Learn(threads).plan), PlanToJson(one.plan));
}

TEST(LearnRounding, PlanHoldsTheWholeResult) {
  const Bench bench(ResidualNetwork(), Samples(64), "lut3:c0", "uint4:asym");
  const Learned learned = bench.Learn(2);
  EXPECT_FALSE(NeedsLayerInputs(learned.plan));
  const Plan read = PlanFromJson(PlanToJson(learned.plan), "plan").value();
  EXPECT_EQ(ToText(ApplyPlan(bench.graph, bench.targets, read).value()),
            ToText(ApplyPlan(bench.graph, bench.targets, learned.plan, learned.codes).value()));
  EXPECT_EQ(bench.Error(read, QuantizeWeights(bench.graph, bench.targets, read, {}, 1).value()),
            bench.Error(learned.plan, learned.codes));
}

// One output of a matrix product over correlated inputs.
Bench TinyLayer(std::uint64_t seed) {
  Network net;
  const ValueId x = net.Input("x", {-1, 8});
  const ValueId w = net.Constant("w", Random({8, 1}, seed));
  Tensor samples = Random({64, 8}, seed + 100);
  for (std::int64_t r = 0; r < 64; ++r) {
    const auto row = samples.span<float>().subspan(static_cast<std::size_t>(r * 8), 8);
    for (std::size_t k = 1; k < 8; ++k) row[k] += 0.8F * row[k - 1];
  }
  return {net.Finish({net.Op("Gemm", {x, w}, "y")}), MakeDataset(samples), "esb3_1", ""};
}

// The least squared error of all choices between neighbours, by enumeration.
double BestError(const Bench& bench) {
  const QTensor& start = *bench.start[1];
  const std::span<const double> values = start.spec.element.values();
  const std::span<const float> weight =
      bench.graph.value(bench.targets.tensors[1].value).constant->span<float>();
  const double scale = start.params.scales[0];
  const Tensor x = bench.data.Batch(0, bench.data.size()).value();
  double best = 1e30;
  for (unsigned choice = 0; choice < 256; ++choice) {
    double error = 0;
    for (std::size_t r = 0; r < 64; ++r) {
      double sum = 0;
      for (std::size_t k = 0; k < 8; ++k) {
        std::size_t low = 0;
        while (low + 2 < values.size() && values[low + 1] * scale <= weight[k]) ++low;
        const double rounded = scale * values[low + (choice >> k & 1)];
        sum += static_cast<double>(x.span<float>()[r * 8 + k]) * (rounded - weight[k]);
      }
      error += sum * sum;
    }
    best = std::min(best, error);
  }
  return best;
}

TEST(LearnRounding, IsOnAverageNearTheBestChoiceOfATinyLayerAndNoWorseThanCompensation) {
  double best = 0, found = 0, compensated = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Bench bench = TinyLayer(seed);
    const Learned learned = bench.Learn(1, 1e6);
    Plan plan = learned.plan;
    plan.biases.clear();  // of the choices alone
    best += BestError(bench);
    found += bench.Error(plan, learned.codes);
    compensated += bench.Error(bench.plan, bench.start);
  }
  EXPECT_LE(found, compensated);
  EXPECT_LE(found, 1.6 * best);
}

TEST(LearnRounding, KeepsTheStartWhereNothingCanBeGained) {
  // Weights on the grid: the start is exact.
  Network net;
  const ValueId x = net.Input("x", {-1, 4});
  const ValueId w = net.Constant("w", testing_networks::Floats({4, 1}, {1, -2, 3, 7}));
  const Bench bench(net.Finish({net.Op("Gemm", {x, w}, "y")}), MakeDataset(Random({64, 4}, 1)),
                    "int4", "");
  const Learned learned = bench.Learn(1);
  ASSERT_EQ(learned.regions.size(), 1U);
  EXPECT_FALSE(learned.regions[0].kept);
  EXPECT_EQ(learned.codes[1]->codes, bench.start[1]->codes);
}

TEST(LearnRounding, StandsOneSampleConstantInputsAndDeadChannels) {
  Graph graph = ResidualNetwork();
  for (Value& value : graph.values) {
    if (value.name != "b.w") continue;
    for (std::size_t i = 0; i < 9; ++i) value.constant->span<float>()[i] = 0;
  }
  Tensor same(DType::kFloat32, {1, 3, 6, 6});
  std::fill(same.span<float>().begin(), same.span<float>().end(), 0.5F);
  for (const Dataset& data : {Samples(1), MakeDataset(same)}) {
    const Bench bench(graph, data, "int3:c0", "uint4:asym");
    const Learned learned = bench.Learn(2);
    EXPECT_LE(bench.Error(learned.plan, learned.codes),
              bench.Error(bench.plan, bench.start) + 1e-9);
  }
}

TEST(LearnRounding, SaysWhyARegionIsLeftAsItWasAndLearnsTheOthers) {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 6, 6});
  const ValueId a = net.Op("Erf", {net.Conv(x, "a", {4, 3, 3, 3}, 1)}, "e");
  const Bench bench(net.Finish({net.Conv(a, "b", {2, 4, 1, 1}, 2)}), Samples(64), "int3:c0",
                    "int8");
  const Learned learned = bench.Learn(1);
  ASSERT_EQ(learned.regions.size(), 2U);
  EXPECT_EQ(learned.regions[0].refused, "node 'e.node' (Erf): has no gradient");
  EXPECT_FALSE(learned.regions[0].kept);
  EXPECT_EQ(learned.regions[1].refused, "");
  EXPECT_GT(learned.regions[1].before, 0);
}

}  // namespace
}  // namespace bw
