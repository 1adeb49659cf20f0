// Fitted formats: optimal codebooks against every partition, shift and squeeze against its
// statistics, and the names that carry them.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/numerics/codebook.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

using Floats = std::vector<float>;

Format Get(std::string_view name) { return Format::Parse(name).value(); }

std::string MessageOf(std::string_view name) {
  const Expected<Format> format = Format::Parse(name);
  return format ? "no error" : format.error().message;
}

// Weighted squared error of one cluster about its mean, two passes.
double ClusterError(std::span<const float> values, std::span<const float> weights) {
  double weight = 0, moment = 0, error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    weight += weights[i];
    moment += static_cast<double>(weights[i]) * values[i];
  }
  if (weight == 0) return 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += weights[i] * std::pow(values[i] - moment / weight, 2);
  }
  return error;
}

// The least error of k clusters over every way to cut the ascending values.
double BruteError(std::span<const float> values, std::span<const float> weights, std::size_t k) {
  if (k == 1) return ClusterError(values, weights);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t cut = 0; cut <= values.size(); ++cut) {
    const double below = ClusterError(values.subspan(cut), weights.subspan(cut));
    const double above = BruteError(values.first(cut), weights.first(cut), k - 1);
    least = std::min(least, below + above);
  }
  return least;
}

template <typename Value>
double ErrorOf(std::span<const Value> codebook, std::span<const float> values,
               std::span<const float> weights) {
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (const double value : codebook) least = std::min(least, std::pow(values[i] - value, 2));
    error += weights[i] * least;
  }
  return error;
}

TEST(OptimalCodebook, HasTheLeastErrorOfAllPartitions) {
  Rng rng(5);
  for (int trial = 0; trial < 400; ++trial) {
    const std::size_t n = 1 + rng.Below(9);
    const std::size_t k = 1 + rng.Below(4);
    Floats values(n), weights(n, 1.0f);
    const bool coarse = rng.Below(2) == 0;  // with repeated values
    for (float& value : values) {
      value = static_cast<float>(coarse ? std::round(rng.Normal() * 2) : rng.Normal());
    }
    if (rng.Below(2) == 0) {
      for (float& weight : weights) weight = static_cast<float>(rng.Below(4));
      weights[0] = 1;
    }
    const std::vector<double> codebook = OptimalCodebook(values, weights, k);
    ASSERT_LE(codebook.size(), k);
    ASSERT_TRUE(std::is_sorted(codebook.begin(), codebook.end()));
    std::vector<std::pair<float, float>> sorted;
    for (std::size_t i = 0; i < n; ++i) sorted.emplace_back(values[i], weights[i]);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < n; ++i) std::tie(values[i], weights[i]) = sorted[i];
    const double error = ErrorOf<double>(codebook, values, weights);
    ASSERT_NEAR(error, BruteError(values, weights, k), 1e-9) << "trial " << trial;
  }
}

TEST(OptimalCodebook, IsNotDisturbedByAFarOutlier) {
  Floats values = {-1e7f, 0, 0.1f, 1, 1.1f};
  const std::vector<double> codebook = OptimalCodebook(values, Floats(5, 1.0f), 3);
  ASSERT_EQ(codebook.size(), 3u);
  EXPECT_EQ(codebook[0], -1e7);
  EXPECT_NEAR(codebook[1], 0.05, 1e-6);
  EXPECT_NEAR(codebook[2], 1.05, 1e-6);
}

// Published Lloyd-Max quantizers of the unit normal (Max, 1960, table I): error by number of
// levels.
TEST(OptimalCodebook, OfManyNormalValuesReachesThePublishedErrors) {
  Rng rng(17);
  Floats values(200000);
  double square = 0;
  for (float& value : values) {
    value = static_cast<float>(rng.Normal());
    square += std::pow(value, 2);
  }
  const Floats weights(values.size(), 1.0f);
  for (const auto& [k, published] :
       {std::pair(2, 0.3634), {4, 0.1175}, {8, 0.03454}, {16, 0.009497}, {32, 0.002499}}) {
    const std::vector<double> codebook = OptimalCodebook(values, weights, k);
    EXPECT_NEAR(ErrorOf<double>(codebook, values, weights) / square, published, 0.03 * published);
  }
}

TEST(Lut, UnfittedIsTheOptimumOfTheNormalDistribution) {
  const auto near = [](std::string_view name, const std::vector<double>& published) {
    const auto values = Get(name).values();
    ASSERT_EQ(values.size(), 2 * published.size());
    for (std::size_t i = 0; i < published.size(); ++i) {
      EXPECT_NEAR(values[published.size() + i], published[i], 2.5e-3) << name;
      EXPECT_EQ(values[published.size() - 1 - i], -values[published.size() + i]) << name;
    }
  };
  near("lut1", {0.7980});
  near("lut2", {0.4528, 1.510});
  near("lut3", {0.2451, 0.7560, 1.344, 2.152});
  near("lut4", {0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733});
  EXPECT_EQ(Get("lut8").values().size(), 256u);
  EXPECT_TRUE(Get("lut3").info().fitted_from_data);
}

TEST(Lut, FittedNameHoldsTheValuesAndParsesToItself) {
  const Format format = Get("lut2[-1.25;0;0.1;1e+20]");
  EXPECT_EQ(format.name(), "lut2[-1.25;0;0.1;1e+20]");
  EXPECT_EQ(format.bits(), 2);
  EXPECT_FALSE(format.info().fitted_from_data);
  EXPECT_EQ(format.Decode(0), -1.25);
  EXPECT_EQ(format.Decode(2), static_cast<double>(0.1f));
  EXPECT_EQ(Get("lut2[-1.250;-0;0.10;100000000000000000000]"), format);
}

TEST(Lut, FewerValuesThanCodesLeaveNan) {
  const Format format = Get("lut3[-1;2.5]");
  EXPECT_EQ(format.values().size(), 2u);
  EXPECT_TRUE(std::isnan(format.Decode(2)));
  EXPECT_EQ(format.info().nan_codes, 6u);
  EXPECT_EQ(format.Round(100), 2.5);
}

TEST(Lut, BadNamesAreRefused) {
  EXPECT_EQ(MessageOf("lut9"), "format 'lut9': width is 9, allowed 1 to 8");
  EXPECT_EQ(MessageOf("lut1[1;2;3]"),
            "format 'lut1[1;2;3]': number of values is 3, allowed 1 to 2");
  EXPECT_EQ(MessageOf("lut2[1;1]"),
            "format 'lut2[1;1]': number 2 is 1, allowed is more than the 1 before it");
  EXPECT_EQ(MessageOf("lut2[]"), "format 'lut2[]': number 1 is '', allowed is a finite float32");
  for (const std::string_view number : {"x", "inf", "nan", "1e99", "1 ", "+1", "0x1"}) {
    const std::string name = fmt::format("lut2[0;{}]", number);
    EXPECT_EQ(MessageOf(name), fmt::format("format '{}': number 2 is '{}', allowed is a finite "
                                           "float32",
                                           name, number));
  }
  EXPECT_EQ(MessageOf("lut2[1").find("unknown format"), 0u);
}

TEST(FitFormat, GivesTheOptimalCodebookAsAFormat) {
  const Floats values = {-1, -1.5f, 0.25f, 0.75f, 4, 4, 9};
  EXPECT_EQ(FitFormat(Get("lut2"), values)->name(), "lut2[-1.25;0.5;4;9]");
  EXPECT_EQ(FitFormat(Get("lut1"), values, Floats{0, 0, 1, 3, 0, 0, 0})->name(), "lut1[0.25;0.75]");
  EXPECT_EQ(FitFormat(Get("lut3"), Floats{2, 2, 2})->name(), "lut3[2]");
}

TEST(FitFormat, BeatsEveryOtherFormatOfItsWidthOnItsTensor) {
  Rng rng(29);
  Floats values(3000);
  for (float& value : values) {
    value = static_cast<float>(rng.Normal() * (rng.Below(8) == 0 ? 3 : 1));
  }
  const Floats weights(values.size(), 1.0f);
  const double fitted = ErrorOf(FitFormat(Get("lut3"), values)->values(), values, weights);
  for (const std::string_view name : {"int3", "dybit3", "esb3_0", "posit3_0", "lut3", "odd3"}) {
    EXPECT_LT(fitted, ErrorOf(Get(name).values(), values, weights)) << name;
  }
}

TEST(FitFormat, LeavesOtherFormatsAlone) {
  EXPECT_EQ(FitFormat(Get("int4"), {})->name(), "int4");
  EXPECT_EQ(FitFormat(Get("lut1[0;1]"), Floats{5, 6})->name(), "lut1[0;1]");
}

TEST(FitFormat, RefusesWhatCannotBeFitted) {
  const auto refusal = [](const Floats& values, const Floats& weights) {
    const auto fitted = FitFormat(Get("lut2"), values, weights);
    return fitted ? fitted->name() : fitted.error().message;
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal({}, {}), "fit of 'lut2': no values, at least one is needed");
  EXPECT_EQ(refusal({1, kNan}, {}), "fit of 'lut2': value 1 is nan, allowed are finite ones");
  EXPECT_EQ(refusal({1, 2}, {kNan, 1}), "fit of 'lut2': weight 0 is nan, allowed are finite ones");
  EXPECT_EQ(refusal({1, 2}, {-1, 1}),
            "fit of 'lut2': the weights reach from -1 to 1, allowed are 0 and more, not all 0");
  EXPECT_EQ(refusal({1}, {0}),
            "fit of 'lut2': the weights reach from 0 to 0, allowed are 0 and more, not all 0");
}

TEST(S2fp8, UnfittedIsE5m2) {
  const Format format = Get("s2fp8"), e5m2 = Get("e5m2");
  EXPECT_TRUE(format.info().fitted_from_data);
  for (Code code = 0; code < 256; ++code) {
    if (std::isnan(e5m2.Decode(code))) {
      EXPECT_TRUE(std::isnan(format.Decode(code))) << code;
    } else {
      EXPECT_EQ(format.Decode(code), e5m2.Decode(code)) << code;
    }
  }
}

// log2 |y| of the fitted transform has mean 0 and maximum 15, algorithms 6.9.
TEST(S2fp8, FitShiftsAndSqueezesTheLogarithms) {
  const Floats values = {0, 0.5f, -2, 8, 0};  // log2: -1, 1, 3; mean 1, maximum 3
  const Format format = *FitFormat(Get("s2fp8"), values);
  EXPECT_EQ(format.name(), "s2fp8[7.5;-7.5]");
  const Format e5m2 = Get("e5m2");
  for (Code code = 1; code < 124; ++code) {
    const double y = e5m2.Decode(code);
    const double x = std::pow(std::exp2(7.5) * y, 1 / 7.5);
    EXPECT_NEAR(format.Decode(code), x, x * 1e-6) << code;
    EXPECT_EQ(format.Decode(code | 128), -format.Decode(code)) << code;
  }
  EXPECT_NEAR(format.Round(8), 8, 1e-6);
}

TEST(S2fp8, FitOfOneMagnitudeAndOfZerosIsAFormat) {
  const Format one = *FitFormat(Get("s2fp8"), Floats{3, -3});
  EXPECT_NEAR(one.Round(3), 3, 1e-5);
  EXPECT_EQ(FitFormat(Get("s2fp8"), Floats{0, 0})->name(), "s2fp8[1;0]");
}

TEST(S2fp8, FitOfTheWidestFloatsStaysFinite) {
  const Floats values = {std::numeric_limits<float>::denorm_min(),
                         std::numeric_limits<float>::max(), 1};
  const Format format = *FitFormat(Get("s2fp8"), values);
  EXPECT_GT(format.values().size(), 200u);
  EXPECT_TRUE(std::isfinite(format.info().max));
}

TEST(S2fp8, BadNamesAreRefused) {
  EXPECT_EQ(MessageOf("s2fp8[1]"), "format 's2fp8[1]': 1 numbers, allowed are 2, alpha and beta");
  EXPECT_EQ(MessageOf("s2fp8[0;1]"), "format 's2fp8[0;1]': alpha is 0, allowed 0.03125 to 1024");
  EXPECT_EQ(MessageOf("s2fp8[1;500]"), "format 's2fp8[1;500]': beta is 500, allowed -160 to 160");
}

}  // namespace
}  // namespace bw
