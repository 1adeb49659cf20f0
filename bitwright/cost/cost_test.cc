#include "bitwright/cost/cost.h"

#include <gtest/gtest.h>

#include "bitwright/base/rng.h"
#include "bitwright/cost/test_network.h"

namespace bw {
namespace {

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

// The residual network with a spec for some tensors.
struct Bench {
  Graph graph = testing_cost::ResidualNetwork();
  QuantTargets targets = FindTargets(graph).value();
  LayerCosts costs = LayerCosts::Create(graph, targets, nullptr).value();
  std::vector<QuantSpec> kept;
  std::vector<const QuantSpec*> specs = std::vector<const QuantSpec*>(targets.tensors.size());

  Bench() { kept.reserve(64); }
  void Set(const std::string& tensor, const std::string& spec) {
    for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
      if (targets.tensors[t].name != tensor) continue;
      kept.push_back(Spec(spec));
      specs[t] = &kept.back();
    }
  }
  double Total(Quantity quantity) const { return costs.Total(specs)[quantity].value(); }
};

TEST(Storage, OfAFloatNetworkIsFourBytesAnElement) {
  const Bench bench;
  EXPECT_EQ(bench.Total(Quantity::kWeightBytes), 4 * (108 + 144 + 8 + 160 + 5));
  EXPECT_EQ(bench.Total(Quantity::kActivationBytes), 4 * (192 + 256 + 256 + 32 + 5));
  EXPECT_EQ(bench.Total(Quantity::kBytes),
            bench.Total(Quantity::kWeightBytes) + bench.Total(Quantity::kActivationBytes));
  EXPECT_EQ(bench.Total(Quantity::kPeakBytes), 4 * 512);  // r1 and r2
}

TEST(Storage, CountsCodesAndScales) {
  Bench bench;
  bench.Set("conv2.w", "int4:c0:fp16");
  bench.Set("r1", "uint4");
  EXPECT_EQ(bench.Total(Quantity::kWeightBytes), 4 * (108 + 8 + 160 + 5) + 72 + 8);
  EXPECT_EQ(bench.Total(Quantity::kActivationBytes), 4 * (192 + 256 + 32 + 5) + 128);
}

TEST(Storage, PeakIsOfWhatIsAliveTogether) {
  Bench bench;
  for (const char* name : {"x", "r1", "r2"}) bench.Set(name, "uint8");
  EXPECT_EQ(bench.Total(Quantity::kPeakBytes), 512);  // r1 and r2 again, a byte each
  bench.Set("r1", "uint2");
  // x and r1: 192 + 64; r1 and r2: 64 + 256; r2 and its pooled copy: 256 + 64
  EXPECT_EQ(bench.Total(Quantity::kPeakBytes), 320);
  bench.Set("r2", "uint4");
  EXPECT_EQ(bench.Total(Quantity::kPeakBytes), 256);  // x and r1
}

TEST(BitOps, MultiplyTheWidths) {
  Bench bench;
  EXPECT_EQ(bench.Total(Quantity::kBitOps), (6912 + 9216 + 128 + 160) * 1024);
  bench.Set("conv2.w", "int4");
  bench.Set("r1", "uint3");
  EXPECT_EQ(bench.Total(Quantity::kBitOps), (6912 + 128 + 160) * 1024 + 9216 * 12);
}

// What a search relies on.
TEST(LayerCosts, DependOnTheTensorsTheyNameAlone) {
  const char* kSpecs[] = {"int2", "int4:fp16", "int8", "dybit5", "fp16"};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Graph graph = testing_networks::RandomClassifier(seed, 10);
    const QuantTargets targets = FindTargets(graph).value();
    const LayerCosts costs = LayerCosts::Create(graph, targets, nullptr).value();
    std::vector<QuantSpec> all;
    for (const char* text : kSpecs) all.push_back(Spec(text));
    Rng rng(seed);
    std::vector<const QuantSpec*> specs;
    for (std::size_t t = 0; t < targets.tensors.size(); ++t)
      specs.push_back(&all[rng.Below(all.size())]);
    Cost total;
    for (std::size_t layer = 0; layer < costs.layers(); ++layer) {
      std::vector<const QuantSpec*> own(specs.size(), nullptr);
      for (const std::size_t t : costs.tensors(layer)) own[t] = specs[t];
      Cost cost = costs.Layer(layer, own);
      double alive = 0;
      for (const std::size_t b : costs.alive(layer)) {
        const Buffer& buffer = costs.work().buffers[b];
        const int bits = buffer.tensor ? specs[*buffer.tensor]->element.bits() : 32;
        alive += static_cast<double>((buffer.elements * bits + 7) / 8);
      }
      cost[Quantity::kPeakBytes] = alive;
      total.Combine(cost);
    }
    EXPECT_EQ(total, costs.Total(specs)) << seed;
  }
}

TEST(LayerCosts, RefuseWhatTheTargetDoesNotSay) {
  const Bench bench;
  EXPECT_TRUE(bench.costs.Require(Quantity::kPeakBytes).has_value());
  const Expected<void> refused = bench.costs.Require(Quantity::kEnergyPj);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("energy_pj"), std::string::npos);
  EXPECT_NE(refused.error().message.find("weight_bytes"), std::string::npos);
}

TEST(Quantities, AreFoundByName) {
  for (const QuantityInfo& info : Quantities())
    EXPECT_EQ(ParseQuantity(info.name).value(), info.quantity);
  const auto unknown = ParseQuantity("latency");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message.find("'latency_ns'"), std::string::npos);
}

}  // namespace
}  // namespace bw
