#include "bitwright/tensor/scale_error.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

Format Get(std::string_view name) { return *Format::Parse(name); }

std::vector<float> NormalValues(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.Normal());
  return values;
}

long double DirectError(std::span<const float> x, const Format& format, float scale) {
  long double sum = 0;
  for (const float value : x) {
    const double rounded = format.Round(static_cast<double>(value) / static_cast<double>(scale));
    const long double difference =
        static_cast<long double>(value) - scale * static_cast<float>(rounded);
    sum += difference * difference;
  }
  return sum;
}

TEST(SquaredError, IsTheSumOfSquaredDifferences) {
  for (const std::string_view name : {"int4", "fixed3", "e4m3fn", "dybit5", "exp4", "esb4_1"}) {
    for (const std::size_t count : {0u, 1u, 7u, 8u, 1023u, 1024u, 5000u}) {
      const std::vector<float> x = NormalValues(count, count);
      const auto expected = static_cast<double>(DirectError(x, Get(name), 0.31f));
      EXPECT_NEAR(SquaredError(x, Get(name), 0.31f), expected, expected * 1e-13) << name << count;
    }
  }
}

TEST(SquaredErrors, ManyScalesGiveTheBitsOfOneAtATime) {
  const std::vector<float> x = NormalValues(3001, 5);
  const std::vector<float> scales = {0.1f, 0.2f, 0.33f, 0.5f, 1.0f};
  std::vector<double> errors(scales.size());
  SquaredErrors(x, Get("dybit4"), scales, errors);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    EXPECT_EQ(errors[i], SquaredError(x, Get("dybit4"), scales[i]));
  }
}

// Normal quantiles at equal probabilities: their mean error is the expected one but for the
// outermost tails.
std::vector<float> NormalQuantiles(std::size_t count) {
  std::vector<float> values;
  double t = -9, mass = 0;
  constexpr double kStep = 1e-4;
  for (std::size_t i = 0; i < count; ++i) {
    const double wanted = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    for (; mass < wanted; t += kStep) mass += 0.3989422804014327 * std::exp(-t * t / 2) * kStep;
    values.push_back(static_cast<float>(t));
  }
  return values;
}

TEST(SquaredErrors, FindTheGaussianOptimumOfEachFormat) {
  const std::vector<float> x = NormalQuantiles(100'000);
  struct Optimum {
    std::string_view format;
    float scale;
    double error;
  };
  for (const auto& [name, scale, error] : {Optimum{"dybit2", 1.2240f, .190174},
                                           {"dybit3", 1.0363f, .047560},
                                           {"dybit4", 1.2506f, .014951},
                                           {"dybit5", 1.3813f, .004241},
                                           {"esb4_1", 0.4871f, .012685},
                                           {"esb5_2", 0.4828f, .003256},
                                           {"fixed4", 1.4136f, .012889}}) {
    const std::vector<float> scales = {scale * 0.96f, scale, scale * 1.04f};
    std::vector<double> errors(3);
    SquaredErrors(x, Get(name), scales, errors);
    EXPECT_NEAR(errors[1] / static_cast<double>(x.size()), error, error * 2e-3) << name;
    EXPECT_LT(errors[1], errors[0]) << name;
    EXPECT_LT(errors[1], errors[2]) << name;
  }
}

TEST(RoundScale, TakesTheNearestPositiveValue) {
  EXPECT_EQ(RoundScale(0.1, Get("fp32")), 0.1f);
  EXPECT_EQ(RoundScale(3.1, Get("e8m0")), 4.0f);
  EXPECT_EQ(RoundScale(2.9, Get("e8m0")), 2.0f);
  EXPECT_EQ(RoundScale(1.0 + 0x1p-11, Get("fp16")), 1.0f);
  EXPECT_EQ(RoundScale(1.0 + 0x1.8p-10, Get("fp16")), 1.0f + 0x1p-9f);
}

TEST(RoundScale, ClampsToTheLeastPositiveAndTheGreatestValue) {
  for (const double scale : {0.0, -1.0, std::nan(""), 1e-300}) {
    EXPECT_EQ(RoundScale(scale, Get("fp16")), 0x1p-24f);
    EXPECT_EQ(RoundScale(scale, Get("e8m0")), 0x1p-127f);
    EXPECT_EQ(RoundScale(scale, Get("fp32")), 0x1p-149f);
  }
  EXPECT_EQ(RoundScale(1e300, Get("fp16")), 65504.0f);
  EXPECT_EQ(RoundScale(1e300, Get("e8m0")), 0x1p127f);
}

}  // namespace
}  // namespace bw
