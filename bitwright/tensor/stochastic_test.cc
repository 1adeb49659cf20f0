#include "bitwright/tensor/stochastic.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/test_targets.h"

namespace bw {
namespace {

QuantSpec Spec(std::string_view text) { return *QuantSpec::Parse(text); }

// The law by linear search over the values.
double LawValue(const Format& format, double ratio, double uniform) {
  if (std::isnan(ratio)) return format.Round(ratio);
  double low = format.info().min, high = format.info().max;
  if (ratio <= low) return low;
  if (ratio >= high) return high;
  for (const double value : format.values()) {
    if (value <= ratio) low = value;
    if (value >= ratio) high = std::min(high, value);
  }
  if (low == high) return low;
  return uniform < (ratio - low) / (high - low) ? high : low;
}

std::vector<float> Values(const Format& format, float scale) {
  Rng rng(5);
  std::vector<float> x = {0.0f, -0.0f, std::nanf(""), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()};
  for (int i = 0; i < 500; ++i) {
    x.push_back(scale * static_cast<float>(rng.Normal() * format.info().max * 0.5));
  }
  for (std::size_t i = 0; i < format.values().size(); i += format.values().size() / 100 + 1) {
    x.push_back(scale * static_cast<float>(format.values()[i]));
  }
  return x;
}

void ExpectLaw(const QuantSpec& spec, float scale, std::uint64_t seed) {
  const std::vector<float> x = Values(spec.element, scale);
  const Shape shape = {static_cast<std::int64_t>(x.size())};
  const QuantParams params{{scale}, {}};
  const Tensor rounded =
      Dequantize(*QuantizeStochastic(Tensor::From(shape, x), spec, params, seed));
  std::vector<float> fake = x;
  ASSERT_TRUE(FakeQuantizeStochastic(fake, *MakeGrouping(spec.grain, shape), spec, params, seed)
                  .has_value());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double uniform = static_cast<double>(RandomBits(seed, i) >> 11) * 0x1p-53;
    const double ratio = static_cast<double>(x[i]) / static_cast<double>(scale);
    const float expected = scale * static_cast<float>(LawValue(spec.element, ratio, uniform));
    ASSERT_EQ(rounded.span<float>()[i], expected) << spec.ToString() << ' ' << x[i];
    ASSERT_EQ(std::bit_cast<std::uint32_t>(fake[i]),
              std::bit_cast<std::uint32_t>(rounded.span<float>()[i]));
  }
}

TEST(Stochastic, GoesToANeighbourByTheElementsOwnNumberOnEveryTarget) {
  OnEveryTarget([] {
    for (const std::string& name : ExampleFormats()) {
      const QuantSpec spec = Spec(name);
      if (spec.element.values().empty() || spec.element.bits() > 8) continue;
      ExpectLaw(spec, 0.37f, 11);
    }
    ExpectLaw(Spec("int11"), 1.0f, 12);
  });
}

// The mean of n rounded values is that of n independent two-point variables with the ratio as mean
// and a gap of 1: by Hoeffding's inequality it is off by more than t with a probability of at most
// 2 exp(-2 n t^2); t is that of 1e-12.
TEST(Stochastic, HasTheValueAsItsMean) {
  constexpr std::size_t kCount = 200'000;
  const double bound = std::sqrt(std::log(2e12) / (2 * kCount));
  for (const std::string_view text : {"int4", "int4:asym", "uint8:asym", "fixed4"}) {
    const QuantSpec spec = Spec(text);
    for (const float value : {0.25f, 1.0f / 3, 0.9f, 2.001f}) {
      const double gap = spec.element.values()[1] - spec.element.values()[0];
      const auto x = static_cast<float>(static_cast<double>(value) * gap);
      std::vector<float> values(kCount, x);
      QuantParams params{{1.0f}, {}};
      if (!spec.symmetric) params.zeros = {2};
      const Shape shape = {kCount};
      ASSERT_TRUE(FakeQuantizeStochastic(values, *MakeGrouping(spec.grain, shape), spec, params, 7)
                      .has_value());
      double sum = 0;
      for (const float rounded : values) sum += static_cast<double>(rounded);
      EXPECT_NEAR(sum / kCount, static_cast<double>(x), bound * gap) << text << ' ' << x;
    }
  }
}

TEST(Stochastic, DependsOnSeedAndElementAlone) {
  const QuantSpec spec = Spec("int4:c0");
  Rng rng(9);
  std::vector<float> x(6 * 50);
  for (float& value : x) value = static_cast<float>(rng.Uniform(-5, 5));
  const QuantParams params{std::vector<float>(6, 1.0f), {}};
  const auto round = [&](std::string_view text, const QuantParams& with, std::uint64_t seed) {
    std::vector<float> values = x;
    const QuantSpec by = Spec(text);
    EXPECT_TRUE(FakeQuantizeStochastic(values, *MakeGrouping(by.grain, {6, 50}), by, with, seed)
                    .has_value());
    return values;
  };
  const std::vector<float> rows = round("int4:c0", params, 3);
  EXPECT_EQ(rows, round("int4:c0", params, 3));
  EXPECT_EQ(rows, round("int4", {{1.0f}, {}}, 3));
  EXPECT_EQ(rows, round("int4:c1", {std::vector<float>(50, 1.0f), {}}, 3));
  EXPECT_NE(rows, round("int4:c0", params, 4));
}

TEST(StochasticErrors, RefusesWhatItCannotRound) {
  const Tensor input(DType::kFloat32, {4});
  EXPECT_EQ(QuantizeStochastic(input, Spec("fp32"), {{1.0f}, {}}, 0).error().message,
            "fp32: stochastic rounding needs an element of at most 16 bits, got 'fp32', allowed is "
            "every format but fp32");
  EXPECT_EQ(QuantizeStochastic(input, Spec("int4"), {{}, {}}, 0).error().message,
            "int4: got 0 scales, the grouping needs 1");
}

}  // namespace
}  // namespace bw
