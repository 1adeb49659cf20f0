#include "bitwright/tune/sensitivity.h"

#include <gtest/gtest.h>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"
#include "bitwright/tune/candidates.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Random;
using testing_networks::RandomClassifier;

struct Bench {
  Graph graph = RandomClassifier(41, 8);
  QuantTargets targets = FindTargets(graph).value();
  Dataset data = MakeDataset(Random({70, 4, 6, 6}, 7));
  std::vector<Candidate> candidates;

  Bench() {
    TuneOptions options;
    options.weight_formats = options.activation_formats = ParseFormatList("int2,int4,e2m1").value();
    const auto statistics = Calibrate(graph, targets, data, 1, 1).value();
    const auto by_target = EveryCandidate(graph, targets, statistics, options).value();
    for (const std::vector<Candidate>& own : by_target)
      candidates.insert(candidates.end(), own.begin(), own.end());
  }
  Evaluator MakeEvaluator(int threads) const {
    return Evaluator::Create(graph, data, *FindMetric("agreement"), {threads}).value();
  }
  std::vector<double> Losses(int threads, std::size_t room = 0) {
    Evaluator evaluator = MakeEvaluator(threads);
    EXPECT_TRUE(
        MeasureAlone(graph, targets, evaluator, 50, threads, candidates, {}, room).has_value());
    std::vector<double> losses;
    for (const Candidate& candidate : candidates) losses.push_back(candidate.sensitivity);
    return losses;
  }
};

TEST(EveryCandidate, HasEachFormatForEachTensor) {
  const Bench bench;
  std::vector<int> of_target(bench.targets.tensors.size(), 0);
  for (const Candidate& candidate : bench.candidates) ++of_target[candidate.target];
  for (const int count : of_target) EXPECT_GE(count, 3);
}

TEST(MeasureAlone, LossesAreThoseOfWholeRuns) {
  Bench bench;
  const std::vector<double> losses = bench.Losses(2);
  Evaluator whole =
      Evaluator::Create(bench.graph, bench.data.First(50), *FindMetric("agreement"), {1}).value();
  for (std::size_t c = 0; c < losses.size(); c += 5) {
    const Candidate& candidate = bench.candidates[c];
    const QuantTarget& target = bench.targets.tensors[candidate.target];
    const CandidateRounding rounded = Realise(bench.graph, target, candidate.plan, nullptr).value();
    Rounding alone;
    if (target.kind == TargetKind::kWeight)
      alone.constants[target.value] = &rounded.weight;
    else
      alone.quantizers[target.value] = &rounded.activation;
    const double divergence = whole.Run(alone).value().divergence;
    EXPECT_NEAR(losses[c], divergence, 1e-12 + 1e-9 * divergence) << target.name;
  }
}

TEST(MeasureAlone, ThreadsAndTurnsChangeNoBit) {
  Bench bench;
  const std::vector<double> losses = bench.Losses(1);
  EXPECT_EQ(bench.Losses(3), losses);
  EXPECT_EQ(bench.Losses(2, 20'000), losses);
}

}  // namespace
}  // namespace bw
