#include "bitwright/quant/learning/rounding_choice.h"

#include <gtest/gtest.h>

#include "bitwright/quant/fit_spec.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Random;

constexpr const char* kSpecs[] = {"int4:c0",   "dybit4:c0:fp16", "esb4_1",       "posit6_1:c0",
                                  "nf4:b8",    "lut3:c0",        "e2m1:b8:e8m0", "nvfp4",
                                  "int4:m2x4", "uint4:c0:asym",  "ternary",      "int8:c1"};

struct Quantized {
  Tensor weight;
  QTensor start;
};

Quantized Nearest(const char* text, std::uint64_t seed = 1) {
  const Tensor weight = Random({4, 16}, seed);
  const QuantSpec spec = QuantSpec::Parse(text).value();
  const Grouping grouping = MakeGrouping(spec.grain, weight.shape()).value();
  const ReadySpec ready = ReadySpecFor(weight.span<float>(), grouping, spec, "mse").value();
  return {weight, Quantize(weight, ready.spec, ready.params).value()};
}

// Elements whose weight lies within the format's range: the others cannot be met.
bool Inside(const Quantized& q, std::size_t e) {
  const Grouping grouping = MakeGrouping(q.start.spec.grain, q.weight.shape()).value();
  const auto group = static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(e)));
  const double zero = q.start.params.zeros.empty() ? 0 : q.start.params.zeros[group];
  const double x =
      static_cast<double>(q.weight.span<float>()[e]) / q.start.params.scales[group] + zero;
  return x >= q.start.spec.element.info().min && x <= q.start.spec.element.info().max;
}

TEST(RoundingChoice, BeginsAtTheWeightItselfInEveryFormatAndGrain) {
  for (const char* text : kSpecs) {
    SCOPED_TRACE(text);
    const Quantized q = Nearest(text);
    const RoundingChoice choice(q.weight, q.start, 0);
    std::size_t inside = 0;
    for (std::size_t e = 0; e < 64; ++e) {
      if (!Inside(q, e)) continue;
      ++inside;
      EXPECT_NEAR(choice.soft().span<float>()[e], q.weight.span<float>()[e], 1e-5);
    }
    EXPECT_GT(inside, 20U);
  }
}

TEST(RoundingChoice, HardensToTheCodesThatItTrusts) {
  for (const char* text : kSpecs) {
    SCOPED_TRACE(text);
    Quantized q = Nearest(text);
    const Format& element = q.start.spec.element;
    // Codes that nearest rounding would not give: each a random value of the format.
    std::vector<Code> codes;
    Rng rng(3);
    for (int e = 0; e < 64; ++e)
      codes.push_back(element.codes()[rng.Below(element.codes().size())]);
    q.start.codes = Pack(codes, element.bits());
    const QTensor hard = RoundingChoice(q.weight, q.start, 1).Harden();
    EXPECT_EQ(Unpack(hard.codes, element.bits(), 64), codes);
    EXPECT_EQ(hard.params.scales, q.start.params.scales);
  }
}

TEST(RoundingChoice, FollowsTheGradientToTheNeighbourOnThatSide) {
  const Quantized q = Nearest("dybit4:c0");
  for (const float sign : {-1.0F, 1.0F}) {
    RoundingChoice choice(q.weight, q.start, 0);
    const std::vector<float> gradient(64, sign);
    for (int step = 1; step <= 300; ++step) {
      choice.Step(gradient, {step, 0.05F, 0, 0, 20});
      choice.Soften();
    }
    const Tensor hard = Dequantize(choice.Harden());
    for (std::size_t e = 0; e < 64; ++e) {
      if (!Inside(q, e)) continue;
      const float moved = hard.span<float>()[e] - q.weight.span<float>()[e];
      EXPECT_LE(moved * sign, 1e-6F);
    }
  }
}

TEST(RoundingChoice, IsDrivenToTheEndsByRegularization) {
  const Quantized q = Nearest("int4:c0");
  RoundingChoice choice(q.weight, q.start, 0);
  const std::vector<float> none(64, 0.0F);
  for (int step = 1; step <= 2000; ++step) {
    choice.Step(none, {step, 0.02F, 0, 1, 2});
    choice.Soften();
  }
  const Tensor hard = Dequantize(choice.Harden());
  for (std::size_t e = 0; e < 64; ++e)
    EXPECT_NEAR(choice.soft().span<float>()[e], hard.span<float>()[e], 1e-3);
}

TEST(RoundingChoice, MovesScalesThatAreFloatsAndNoOthers) {
  for (const char* text : {"int4:c0", "e2m1:b8:e8m0", "nvfp4"}) {
    const Quantized q = Nearest(text);
    RoundingChoice choice(q.weight, q.start, 0);
    const Tensor before = choice.soft();
    const std::span<const float> gradient = before.span<float>();  // shrink
    choice.Step(gradient, {1, 0.001F, 0.01F, 0, 20});
    const QTensor hard = choice.Harden();
    for (std::size_t g = 0; g < hard.params.scales.size(); ++g) {
      const float ratio = hard.params.scales[g] / q.start.params.scales[g];
      EXPECT_NEAR(ratio, choice.scales_can_move() ? std::exp(-0.01F) : 1.0F, 1e-5) << text;
    }
  }
}

}  // namespace
}  // namespace bw
