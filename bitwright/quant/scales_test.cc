#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/quant/scale_method.h"

namespace bw {
namespace {

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

QuantParams Scales(const std::vector<float>& values, const std::string& spec,
                   const std::string& method) {
  const Shape shape = {static_cast<std::int64_t>(values.size())};
  const Grouping grouping = MakeGrouping(PerTensor{}, shape).value();
  const Expected<QuantParams> params = ChooseScales(values, grouping, Spec(spec), method);
  EXPECT_TRUE(params.has_value()) << (params ? "" : params.error().message);
  return params.value();
}

Error Refusal(const std::vector<float>& values, const std::string& spec,
              const std::string& method) {
  const Shape shape = {static_cast<std::int64_t>(values.size())};
  const Grouping grouping = MakeGrouping(PerTensor{}, shape).value();
  const Expected<QuantParams> params = ChooseScales(values, grouping, Spec(spec), method);
  return params ? Error{ErrorKind::kInput, "accepted"} : params.error();
}

// scale * (nearest of all values - zero) by looking at every value of the element.
double SquaredError(std::span<const float> values, const QuantSpec& spec, double scale,
                    std::int32_t zero) {
  double error = 0;
  for (const float x : values) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const double q : spec.element.values()) {
      nearest = std::min(nearest, std::abs(x - scale * (q - zero)));
    }
    error += nearest * nearest;
  }
  return error;
}

std::vector<float> RandomValues(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  const int kind = static_cast<int>(rng.Below(5));
  const double size = std::exp(rng.Uniform(-9, 9));
  std::vector<float> values(count);
  for (float& value : values) {
    const double normal = rng.Normal();
    double x = normal;
    if (kind == 1) x = normal * normal * normal;
    if (kind == 2) x = std::abs(normal);
    if (kind == 3) x = std::nearbyint(normal * 2);
    if (kind == 4) x = rng.Uniform(-1, 5);
    value = static_cast<float>(size * x);
  }
  return values;
}

// The published optimum for normal data: alpha of ESB's table, and of DyBit by numerical
// minimisation elsewhere. `error` is the expected squared error there.
struct Optimum {
  const char* format;
  double alpha, error;
};

constexpr Optimum kOptima[] = {
    {"esb2_0", 1.2240, .190174}, {"esb3_0", 0.5181, .047560}, {"esb3_1", 1.3015, .046860},
    {"esb4_1", 0.4871, .012685}, {"esb4_2", 1.4136, .012889}, {"esb5_2", 0.4828, .003256},
    {"esb5_3", 1.5460, .003693}, {"esb6_2", 0.0406, .002766}, {"esb6_3", 0.4997, .000829},
    {"esb6_4", 1.6878, .001069}, {"esb7_3", 0.0409, .000699}, {"esb7_4", 0.5247, .000212},
    {"esb7_5", 1.8324, .000309}, {"esb8_4", 0.0412, .000175}, {"esb8_5", 0.5527, .000054},
    {"esb8_6", 1.9757, .000088}, {"esb9_5", 0.0416, .000044}, {"esb9_6", 0.5816, .000014},
    {"dybit2", 1.2240, .190174}, {"dybit3", 1.0363, .047560}, {"dybit4", 1.2506, .014951},
    {"dybit5", 1.3813, .004241}, {"dybit6", 1.4278, .001116}, {"dybit7", 1.4396, .000283},
    {"dybit8", 1.4426, .000071}};

// E (t - alpha Q(t / alpha))^2 for standard normal t by the midpoint rule.
double NormalError(const Format& format, double alpha) {
  constexpr double kStep = 1e-4;
  const std::span<const double> values = format.values();
  std::size_t nearest = 0;
  double error = 0;
  for (double t = -9 + kStep / 2; t < 9; t += kStep) {
    const auto distance = [&](std::size_t i) { return std::abs(t - alpha * values[i]); };
    while (nearest + 1 < values.size() && distance(nearest + 1) <= distance(nearest)) ++nearest;
    error += distance(nearest) * distance(nearest) * std::exp(-t * t / 2);
  }
  return error * kStep / std::sqrt(2 * std::acos(-1.0));
}

class DdaTable : public ::testing::TestWithParam<Optimum> {};

// -1 and 1 have mean 0 and deviation 1, so the scale is alpha itself.
TEST_P(DdaTable, GivesThePublishedMultiple) {
  const Optimum& published = GetParam();
  const double alpha = Scales({-1, 1}, published.format, "dda").scales[0];
  EXPECT_NEAR(NormalError(Format::Parse(published.format).value(), alpha), published.error, 6e-7);
  EXPECT_NEAR(alpha, published.alpha, 6e-5);
}

INSTANTIATE_TEST_SUITE_P(Formats, DdaTable, ::testing::ValuesIn(kOptima),
                         [](const auto& optimum) { return std::string(optimum.param.format); });

// Symmetric integers: fixed<N> holds them times its smallest value.
TEST(Dda, GivesTheKnownStepsOfSymmetricIntegers) {
  constexpr Optimum kSteps[] = {{"fixed2", 1.2240, .190174}, {"fixed3", .6508, .046860},
                                {"fixed4", .3534, .012889},  {"fixed5", .1932, .003693},
                                {"fixed6", .1055, .001069},  {"fixed7", .0573, .000309},
                                {"fixed8", .0309, .000088}};
  for (const Optimum& known : kSteps) {
    const Format format = Format::Parse(known.format).value();
    const double alpha = Scales({-1, 1}, known.format, "dda").scales[0];
    EXPECT_NEAR(alpha * format.info().smallest_positive, known.alpha, 6e-5) << known.format;
    EXPECT_NEAR(NormalError(format, alpha), known.error, 6e-7) << known.format;
  }
}

// Where the published alpha sits in a second local minimum, ours is at least as good.
TEST(Dda, IsNoWorseThanThePublishedSecondMinima) {
  const double esb40 = Scales({-1, 1}, "esb4_0", "dda").scales[0];
  const double esb51 = Scales({-1, 1}, "esb5_1", "dda").scales[0];
  EXPECT_NEAR(NormalError(Format::Parse("esb4_0").value(), esb40), 0.037745, 6e-7);
  EXPECT_NEAR(NormalError(Format::Parse("esb5_1").value(), esb51), 0.010646, 6e-7);
}

TEST(Dda, ScalesWithTheDeviationAndIgnoresTheMean) {
  const double one = Scales({-1, 1}, "esb5_2", "dda").scales[0];
  EXPECT_FLOAT_EQ(static_cast<float>(Scales({-8, 8}, "esb5_2", "dda").scales[0]),
                  static_cast<float>(8 * one));
  EXPECT_FLOAT_EQ(Scales({4, 6}, "esb5_2", "dda").scales[0], static_cast<float>(one));
}

// |t| of a normal t has the same best alpha with the root mean square for the deviation.
TEST(Dda, UnsignedFormTakesTheRootMeanSquare) {
  const double rms = std::sqrt((1.0 + 9.0) / 2);
  EXPECT_NEAR(Scales({1, 3}, "udybit3", "dda").scales[0] / rms,
              Scales({-1, 1}, "dybit4", "dda").scales[0], 2e-5);
}

TEST(Dda, SaysWhatItIsNotFor) {
  EXPECT_EQ(Refusal({1, 2}, "int8:asym", "dda").message,
            "scale method 'dda' has no asymmetric form; use mse, max or percentile");
  EXPECT_EQ(Refusal({1, 2}, "bf16", "dda").message,
            "scale method 'dda' is for formats of at most 12 bits, 'bf16' has 16; use mse");
  EXPECT_EQ(Refusal({1, 2}, "fp32", "dda").message,
            "scale method 'dda' is for formats of at most 12 bits, 'fp32' has 32; use mse");
}

const std::vector<std::string> kElements = {"int2", "int4",   "int8",   "uint4",  "fixed5", "exp4",
                                            "e2m1", "e4m3fn", "esb5_2", "dybit3", "dybit6"};

RC_GTEST_PROP(Mse, IsNeverWorseThanMax, (std::uint32_t seed)) {
  const std::string element = *rc::gen::elementOf(kElements);
  const std::string scale = *rc::gen::element<std::string>("", ":fp16", ":e8m0");
  const std::vector<float> values = RandomValues(seed, 1 + seed % 200);
  const QuantSpec spec = Spec(element + scale);
  const double by_mse =
      SquaredError(values, spec, Scales(values, element + scale, "mse").scales[0], 0);
  const double by_max =
      SquaredError(values, spec, Scales(values, element + scale, "max").scales[0], 0);
  RC_ASSERT(by_mse <= by_max * (1 + 1e-9));
}

RC_GTEST_PROP(Mse, AsymmetricIsNeverWorseThanMax, (std::uint32_t seed)) {
  const std::string text = *rc::gen::element<std::string>("int4:asym", "uint4:asym", "int8:asym");
  const std::vector<float> values = RandomValues(seed, 1 + seed % 200);
  const QuantParams mse = Scales(values, text, "mse"), max = Scales(values, text, "max");
  double energy = 0;
  for (const float x : values) energy += static_cast<double>(x) * x;
  const double by_mse = SquaredError(values, Spec(text), mse.scales[0], mse.zeros[0]);
  const double by_max = SquaredError(values, Spec(text), max.scales[0], max.zeros[0]);
  RC_ASSERT(by_mse <= by_max * (1 + 1e-9) + 1e-12 * energy);
}

TEST(Mse, LosesNothingOnValuesThatLieOnTheGrid) {
  std::vector<float> values;
  for (int i = -7; i <= 7; ++i) values.push_back(0.3F * static_cast<float>(i));
  const QuantParams params = Scales(values, "int4", "mse");
  EXPECT_LT(SquaredError(values, Spec("int4"), params.scales[0], 0), 1e-11);
}

RC_GTEST_PROP(Max, ClipsNothingAndReachesTheLargestValue, (std::uint32_t seed)) {
  const std::string element = *rc::gen::elementOf(kElements);
  std::vector<float> values = RandomValues(seed, 1 + seed % 50);
  const QuantSpec spec = Spec(element);
  if (!spec.element.info().is_signed) {
    for (float& x : values) x = std::abs(x);
  }
  const double scale = Scales(values, element, "max").scales[0];
  double most = 0;
  for (const float x : values) {
    const double limit = x < 0 ? spec.element.info().min : spec.element.info().max;
    RC_ASSERT(std::abs(x) <= scale * std::abs(limit) * (1 + 1e-6));
    most = std::max(most, std::abs(x) / std::abs(limit));
  }
  if (most > 0) RC_ASSERT(std::abs(scale / most - 1) < 1e-6);
}

RC_GTEST_PROP(Max, AsymmetricCoversTheRangeAndKeepsZeroExact, (std::uint32_t seed)) {
  const std::string text = *rc::gen::element<std::string>("int4:asym", "uint4:asym", "uint8:asym");
  const std::vector<float> values = RandomValues(seed, 2 + seed % 50);
  const QuantParams params = Scales(values, text, "max");
  const FormatInfo& info = Spec(text).element.info();
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*low == 0 && *high == 0) return;
  const double scale = params.scales[0];
  const double range = std::max<double>(*high, 0) - std::min<double>(*low, 0);
  RC_ASSERT(std::abs(scale - range / (info.max - info.min)) < 1e-6 * scale);
  RC_ASSERT(params.zeros[0] >= info.min && params.zeros[0] <= info.max);  // so 0 is a value
  RC_ASSERT(*low >= scale * (info.min - params.zeros[0] - 0.5001));
  RC_ASSERT(*high <= scale * (info.max - params.zeros[0] + 0.5001));
}

TEST(Percentile, TakesTheRankOfEachSide) {
  std::vector<float> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(static_cast<float>((i * 8) % 1001));
  EXPECT_FLOAT_EQ(Scales(values, "uint4", "percentile=90").scales[0], 900.0F / 15);
  EXPECT_FLOAT_EQ(Scales(values, "uint4", "percentile=100").scales[0], 1000.0F / 15);
  EXPECT_EQ(Scales(values, "uint4", "percentile").scales[0],
            Scales(values, "uint4", "percentile=99.9").scales[0]);
  for (float& x : values) x = -x;
  EXPECT_FLOAT_EQ(Scales(values, "fixed8", "percentile=75").scales[0],
                  static_cast<float>(-750 / Format::Parse("fixed8").value().info().min));
  const QuantParams asymmetric = Scales(values, "uint8:asym", "percentile=90");
  EXPECT_FLOAT_EQ(asymmetric.scales[0], 900.0F / 255);
  EXPECT_EQ(asymmetric.zeros[0], 255);
}

TEST(Percentile, FallsBackToTheRangeWhenTheBulkIsZero) {
  std::vector<float> values(1000, 0.0F);
  values[17] = 30;
  EXPECT_FLOAT_EQ(Scales(values, "uint4", "percentile=50").scales[0], 2);
}

TEST(Percentile, RefusesWhatIsNoShare) {
  EXPECT_EQ(Refusal({1, 2}, "int4", "percentile=0").message,
            "percentile is 0, above 0 and at most 100 is needed");
  EXPECT_EQ(Refusal({1, 2}, "int4", "percentile=100.5").message,
            "percentile is 100.5, above 0 and at most 100 is needed");
  EXPECT_EQ(Refusal({1, 2}, "int4", "percentile=many").message,
            "scale method 'percentile=many': 'many' is no number");
}

TEST(ChooseScales, NamesTheNearestMethod) {
  const Error error = Refusal({1, 2}, "int4", "maxx");
  EXPECT_EQ(
      error.message,
      "unknown scale method 'maxx'; nearest is 'max' (known: dda, kl, max, mse, norm, percentile)");
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
}

TEST(ChooseScales, GivesAGroupOfZerosTheScaleOne) {
  for (const char* method : {"max", "mse", "norm", "dda", "percentile"}) {
    const Grouping rows = MakeGrouping(PerChannel{0}, {3, 2}).value();
    const std::vector<float> values = {0, 0, 7, -7, 0, 0};
    const QuantParams params = ChooseScales(values, rows, Spec("int4:c0:e8m0"), method).value();
    ASSERT_EQ(params.scales.size(), 3U);
    EXPECT_EQ(params.scales[0], 1) << method;
    EXPECT_NE(params.scales[1], 0) << method;
    EXPECT_EQ(params.scales[2], 1) << method;
  }
  EXPECT_EQ(Scales({0, 0}, "uint8:asym", "mse").scales, std::vector<float>{1});
  EXPECT_EQ(Scales({0, 0}, "uint8:asym", "mse").zeros, std::vector<std::int32_t>{0});
}

TEST(ChooseScales, GivesEachGroupWhatItWouldGetAlone) {
  const std::vector<float> values = RandomValues(12, 4 * 3 * 5);
  const Grouping columns = MakeGrouping(PerChannel{1}, {4, 3, 5}).value();
  for (const char* method : {"max", "mse", "norm", "dda", "percentile=95"}) {
    const QuantParams params = ChooseScales(values, columns, Spec("int3:c1"), method).value();
    ASSERT_EQ(params.scales.size(), 3U);
    for (std::size_t c = 0; c < 3; ++c) {
      std::vector<float> own;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i / 5 % 3 == c) own.push_back(values[i]);
      }
      EXPECT_EQ(params.scales[c], Scales(own, "int3", method).scales[0]) << method << c;
    }
  }
}

RC_GTEST_PROP(ChooseScales, ScalesAreValuesOfTheirFormat, (std::uint32_t seed)) {
  const std::string method =
      *rc::gen::element<std::string>("max", "mse", "norm", "dda", "percentile");
  const std::vector<float> values = RandomValues(seed, 3 + seed % 40);
  const float half = Scales(values, "int4:fp16", method).scales[0];
  RC_ASSERT(half > 0 && std::ldexp(half, 24) == std::nearbyint(std::ldexp(half, 24)));
  RC_ASSERT(Format::Parse("fp16").value().Round(half) == static_cast<double>(half));
  int exponent = 0;
  RC_ASSERT(std::frexp(Scales(values, "int4:e8m0", method).scales[0], &exponent) == 0.5F);
}

TEST(ChooseScale, UsesTheSampleForTheErrorAndTheRangeForTheMaximum) {
  const std::vector<float> sample = {-1, 0.5F, 1};
  const QuantSpec spec = Spec("int8:asym");
  const ScaleInput input{sample, -2, 4, &spec};
  const QuantParams params = ChooseScale(input, "max").value();
  EXPECT_FLOAT_EQ(params.scales[0], 6.0F / 255);
  EXPECT_EQ(params.zeros, std::vector<std::int32_t>{-43});  // -128 + 85
}

TEST(Kl, CutsALonelyOutlierAndKeepsAnEvenRange) {
  std::vector<float> values;
  Rng rng(3);
  for (int i = 0; i < 20000; ++i) values.push_back(static_cast<float>(rng.Uniform(0, 1)));
  const float even = Scales(values, "uint4", "kl").scales[0];
  EXPECT_NEAR(even, 1.0F / 15, 0.05F / 15);
  values.push_back(10);
  const float cut = Scales(values, "uint4", "kl").scales[0];
  EXPECT_LT(cut, 2.5F / 15);
  EXPECT_GT(cut, 0.7F / 15);
  EXPECT_FALSE(Refusal({1, 2}, "int4:asym", "kl").message.empty());
}

}  // namespace
}  // namespace bw
