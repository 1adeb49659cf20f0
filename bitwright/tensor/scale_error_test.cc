#include "bitwright/tensor/scale_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/test_targets.h"

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

// Sum of w (x - q)^2 by the definition; the quantizer is the law of qtensor.h.
long double WeightedError(const ErrorTerms& terms, const Format& format, float scale,
                          std::optional<int> zero) {
  long double sum = 0;
  for (std::size_t i = 0; i < terms.x.size(); ++i) {
    const float x = terms.x[i];
    if (!std::isfinite(x)) continue;
    const double ratio = static_cast<double>(x) / static_cast<double>(scale);
    const double value =
        zero ? format.Round(std::nearbyint(ratio) + *zero) - *zero : format.Round(ratio);
    const long double difference = static_cast<long double>(x) - scale * static_cast<float>(value);
    sum += difference * difference * (terms.weights.empty() ? 1 : terms.weights[i]);
  }
  return sum;
}

std::vector<float> Weights(std::size_t count) {
  Rng rng(77);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = static_cast<float>(rng.Uniform(0, 3));
  return weights;
}

void ExpectErrors(const ErrorTerms& terms, std::string_view name, bool zeros, std::size_t count) {
  const Format format = Get(name);
  std::vector<float> scales;
  std::vector<std::int32_t> points;
  for (std::size_t i = 0; i < count; ++i) {
    scales.push_back(static_cast<float>(4 / format.info().max * std::pow(1.1, i) * 0.4));
    if (zeros) points.push_back(static_cast<int>(i % 5));
  }
  std::vector<double> errors(count);
  SquaredErrors(terms, format, scales, points, errors);
  long double squares = 0;
  for (std::size_t i = 0; i < terms.x.size(); ++i) {
    const long double x = terms.x[i], weight = terms.weights.empty() ? 1 : terms.weights[i];
    if (std::isfinite(x)) squares += weight * x * x;
  }
  for (std::size_t i = 0; i < count; i += count / 3) {
    const auto zero = zeros ? std::optional<int>(points[i]) : std::nullopt;
    const auto expected = static_cast<double>(WeightedError(terms, format, scales[i], zero));
    const double bound = 0x1p-44 * (expected + static_cast<double>(squares));
    EXPECT_NEAR(errors[i], expected, bound) << name << ' ' << scales[i];
  }
}

TEST(SquaredErrors, TakeWeightsAndZeroPoints) {
  std::vector<float> x = NormalValues(3001, 8);
  x[7] = std::nanf("");
  x[8] = std::numeric_limits<float>::infinity();
  const std::vector<float> weights = Weights(x.size());
  for (const std::string_view name : {"uint4", "int8"}) {
    ExpectErrors({x, weights}, name, true, 4);
    ExpectErrors({x, {}}, name, true, 4);
    ExpectErrors({x, weights}, name, false, 4);
  }
  ExpectErrors({x, weights}, "dybit6", false, 4);
}

TEST(SquaredErrors, AreWithinTheirBoundByBuckets) {
  std::vector<float> x = NormalValues(kManyElements + 5, 9);
  for (std::size_t i = 0; i < x.size(); i += 3) x[i] = 0;
  for (std::size_t i = 1; i < x.size(); i += 300) x[i] *= 1e-6f;
  x[7] = -std::nanf("");
  x[8] = -std::numeric_limits<float>::infinity();
  x[9] = 3e38f;
  x[10] = 1e-42f;
  const std::vector<float> weights = Weights(x.size());
  for (const std::string_view name : {"int4", "int8", "exp8", "e4m3fn", "nf4", "fp16", "binary",
                                      "odd4", "lut8", "uexp7", "udybit4", "posit8_2"}) {
    ExpectErrors({x, {}}, name, false, kManyScales);
  }
  ExpectErrors({x, weights}, "dybit4", false, kManyScales);
  ExpectErrors({x, weights}, "lut5", false, kManyScales);
  ExpectErrors({x, {}}, "int6", true, kManyScales);
  ExpectErrors({x, weights}, "uint8", true, kManyScales);
}

TEST(SquaredErrors, OfValuesOnTheGridAreZeroByBucketsToo) {
  std::vector<float> x = NormalValues(kManyElements, 10);
  for (float& value : x) value = std::round(value * 20) / 64;
  std::vector<float> scales(kManyScales, 0.33f);
  scales[3] = 0x1p-6f;
  std::vector<double> errors(scales.size());
  SquaredErrors(x, Get("int8"), scales, errors);
  EXPECT_LT(errors[3], 1e-12);
  EXPECT_GT(errors[2], 1);
}

TEST(SquaredErrors, ByBucketsHaveTheSameBitsOnEveryTarget) {
  const std::vector<float> x = NormalValues(kManyElements + 7, 11), weights = Weights(x.size());
  const std::vector<float> scales(kManyScales, 0.031f);
  for (const std::span<const float> by : {std::span<const float>(), std::span(weights)}) {
    std::vector<double> expected;
    OnEveryTarget([&] {
      std::vector<double> errors(scales.size());
      SquaredErrors({x, by}, Get("int8"), scales, {}, errors);
      if (expected.empty()) expected = errors;
      EXPECT_EQ(errors, expected);
    });
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
