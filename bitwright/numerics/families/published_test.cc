// What papers, standards and published code state of the formats, in figures.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

using Values = std::vector<double>;

Format Get(std::string_view name) {
  const Expected<Format> format = Format::Parse(name);
  EXPECT_TRUE(format.has_value()) << name;
  return *format;
}

Values Positive(std::string_view name) {
  const Format format = Get(name);
  const auto values = format.values();
  return {std::upper_bound(values.begin(), values.end(), 0.0), values.end()};
}

// Standard for Posit Arithmetic (2022), section 3.2: maxPos = 2^(4N-8), minPos its reciprocal.
TEST(Posit, HasTheLimitsOfTheStandard) {
  for (int n = 3; n <= 16; ++n) {
    const Format format = Get(fmt::format("posit{}", n));
    EXPECT_EQ(format.name(), fmt::format("posit{}_2", n));
    EXPECT_EQ(format.info().max, std::ldexp(1.0, 4 * n - 8));
    EXPECT_EQ(format.info().min, -format.info().max);
    EXPECT_EQ(format.info().smallest_positive, std::ldexp(1.0, 8 - 4 * n));
    EXPECT_TRUE(std::isnan(format.Decode(Code{1} << (n - 1))));
    EXPECT_EQ(format.info().nan_codes, 1u);
    EXPECT_EQ(format.Decode(Code{1} << (n - 2)), 1);
  }
}

// The same document: values ascend with the codes read as two's complement.
TEST(Posit, OrderIsThatOfTheIntegers) {
  for (const std::string_view name : {"posit8_2", "posit8_0", "posit16_2", "posit12_1"}) {
    const Format format = Get(name);
    const Code nar = Code{1} << (format.bits() - 1);
    double previous = -std::numeric_limits<double>::infinity();
    for (Code step = 1; step < 2 * nar; ++step) {
      const double value = format.Decode((nar + step) % (2 * nar));
      ASSERT_GT(value, previous) << name << ' ' << step;
      previous = value;
    }
  }
}

TEST(Posit, NegationIsTwosComplement) {
  const Format format = Get("posit8_2");
  for (Code code = 1; code < 128; ++code)
    EXPECT_EQ(format.Decode(256 - code), -format.Decode(code));
}

// The worked example of Gustafson and Yonemoto (2017): 0 0001 101 11011101, es = 3, is 477 * 2^-27.
TEST(Posit, DecodesTheWorkedExample) {
  EXPECT_EQ(Get("posit16_3").Decode(0b0000110111011101), 477 * 0x1p-27);
}

TEST(Posit, FourBitSets) {
  EXPECT_EQ(Positive("posit4_2"), (Values{0x1p-8, 0x1p-4, .25, 1, 4, 16, 256}));
  EXPECT_EQ(Positive("posit4_1"), (Values{0x1p-4, .25, .5, 1, 2, 4, 16}));
  EXPECT_EQ(Positive("posit5_1"),
            (Values{0x1p-6, 0x1p-4, .125, .25, .375, .5, .75, 1, 1.5, 2, 3, 4, 8, 16, 64}));
}

TEST(Flint, FourBitTableOfThePaper) {
  const Format format = Get("uflint4");
  const Values by_code = {0, 1, 2, 3, 4, 5, 6, 7, 64, 32, 16, 24, 8, 10, 12, 14};
  for (Code code = 0; code < 16; ++code) EXPECT_EQ(format.Decode(code), by_code[code]) << code;
}

// The level sets of the authors' code before its division by the greatest.
TEST(Apot, LevelSetsOfTheAuthorsCode) {
  const auto sums = [](const std::vector<Values>& terms) {
    Values all = {0};
    for (const Values& term : terms) {
      const Values before = all;
      for (const double power : term) {
        for (const double sum : before) all.push_back(sum + power);
      }
    }
    std::sort(all.begin(), all.end());
    return Values(all.begin() + 1, all.end());
  };
  EXPECT_EQ(Positive("apot3"), (Values{.125, .25, .5}));
  EXPECT_EQ(Positive("apot4"), sums({{0x1p-1, 0x1p-2, 0x1p-4}, {0x1p-3}}));
  EXPECT_EQ(Positive("uapot4"), sums({{0x1p-1, 0x1p-3, 0x1p-5}, {0x1p-2, 0x1p-4, 0x1p-6}}));
  EXPECT_EQ(Positive("apot6"),
            sums({{0x1p-1, 0x1p-3, 0x1p-6}, {0x1p-2, 0x1p-4, 0x1p-7}, {0x1p-5}}));
  EXPECT_EQ(Positive("uapot6"),
            sums({{0x1p-1, 0x1p-4, 0x1p-7}, {0x1p-2, 0x1p-5, 0x1p-8}, {0x1p-3, 0x1p-6, 0x1p-9}}));
}

// Tambe et al.: least magnitude 2^bias * (1 + 2^-m), greatest 2^(bias + 2^e - 1) * (2 - 2^-m).
TEST(AdaptivFloat, HasThePublishedRange) {
  const Format format = Get("adaptivfloat8_3");  // bias -3, m = 4
  EXPECT_EQ(format.info().smallest_positive, 0.125 * (1 + 0x1p-4));
  EXPECT_EQ(format.info().max, 16 * (2 - 0x1p-4));
  EXPECT_EQ(Positive("adaptivfloat4_2"), (Values{.75, 1, 1.5, 2, 3, 4, 6}));
}

TEST(Lns, LogarithmsAreEvenlySpaced) {
  const Values values = Positive("lns8_3");
  ASSERT_EQ(values.size(), 127u);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(std::log2(values[i]), (static_cast<double>(i) - 63) / 8, 1e-7);
  }
  EXPECT_EQ(Get("lns8_3").Decode(0), 0);
  EXPECT_EQ(Get("lns8_3").Decode(64), 1);
}

TEST(Nf4, IsNormalQuantilesWithAnExactZero) {
  const Format format = Get("nf4");
  EXPECT_EQ(format.info().min, -1);
  EXPECT_EQ(format.info().max, 1);
  EXPECT_EQ(format.Decode(7), 0);
  EXPECT_EQ(format.Decode(2), static_cast<double>(-0.5250730514526367f));
  EXPECT_EQ(format.Decode(14), static_cast<double>(0.7229568362236023f));
}

// dot(x, w) = sum over planes of 2^(m+k) (N - 2 popcount(X_m xor W_k)), algorithms 6.2.
TEST(Odd, DotProductsAreThoseOfItsBitPlanes) {
  const Format x_format = Get("odd3"), w_format = Get("odd2");
  Rng rng(3);
  for (int trial = 0; trial < 50; ++trial) {
    constexpr int kLength = 40;
    std::vector<Code> x(kLength), w(kLength);
    double dot = 0;
    for (int i = 0; i < kLength; ++i) {
      x[i] = static_cast<Code>(rng.Below(8));
      w[i] = static_cast<Code>(rng.Below(4));
      dot += x_format.Decode(x[i]) * w_format.Decode(w[i]);
    }
    int planes = 0;
    for (int m = 0; m < 3; ++m) {
      for (int k = 0; k < 2; ++k) {
        int differing = 0;
        for (int i = 0; i < kLength; ++i) differing += (x[i] >> m ^ w[i] >> k) & 1;
        planes += (1 << (m + k)) * (kLength - 2 * differing);
      }
    }
    ASSERT_EQ(dot, planes);
  }
}

TEST(Binary, IsTheSignAndZeroIsPositive) {
  const Format format = Get("binary");
  EXPECT_EQ(format.Round(-0.3), -1);
  EXPECT_EQ(format.Round(7), 1);
  EXPECT_EQ(format.Round(0), 1);
}

// Integral of (t - v)^2 over [a, b], a >= 0, under the unit-variance Laplace density, in closed
// form.
double LaplaceError(double a, double b, double v) {
  const double rate = std::sqrt(2.0);
  const auto tail = [&](double t) {
    if (std::isinf(t)) return 0.0;
    return std::exp(-rate * t) / 2 * ((t - v) * (t - v) + 2 * (t - v) / rate + 2 / (rate * rate));
  };
  return tail(a) - tail(b);
}

// The mean squared error of a symmetric format at a scale.
double LaplaceErrorAt(const Format& format, double scale) {
  Values values = Positive(format.name());
  values.insert(values.begin(), 0.0);
  double sum = 0, low = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double high = i + 1 < values.size() ? scale * (values[i] + values[i + 1]) / 2
                                              : std::numeric_limits<double>::infinity();
    sum += LaplaceError(low, high, scale * values[i]);
    low = high;
  }
  return 2 * sum;
}

TEST(LaplaceOptimum, OfDyBitTheLinearGridAndElasticSignificantBits) {
  for (const auto& [name, error, half_digit] : {std::tuple("dybit4", .02205, 5e-6),
                                                {"fixed4", .02740, 5e-6},
                                                {"dybit5", .00630, 5e-6},
                                                {"fixed5", .00909, 5e-6},
                                                {"dybit6", .00167, 5e-6},
                                                {"fixed6", .00298, 5e-6},
                                                {"dybit8", .000107, 5e-7},
                                                {"fixed8", .000303, 5e-7},
                                                {"esb4_1", .01849, 5e-6},
                                                {"esb8_5", .000114, 5e-7}}) {
    const Format format = Get(name);
    double best = 1;
    for (double scale = 0.01; scale < 9; scale *= 1.002) {
      best = std::min(best, LaplaceErrorAt(format, scale));
    }
    EXPECT_NEAR(best, error, 1.05 * half_digit) << name;
  }
}

}  // namespace
}  // namespace bw
