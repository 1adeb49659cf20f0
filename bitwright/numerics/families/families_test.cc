// Decode functions against tables and formulas of another shape: integer arithmetic, float bits,
// printed sets.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/numerics/format.h"

namespace bw {
namespace {

using Values = std::vector<double>;

Format Get(std::string_view name) {
  const Expected<Format> format = Format::Parse(name);
  EXPECT_TRUE(format.has_value()) << name;
  return *format;
}

// Decoded codes 0, 1, ... of the magnitude, sign bit clear.
Values Magnitudes(std::string_view name) {
  const Format format = Get(name);
  const int bits = format.info().is_signed ? format.bits() - 1 : format.bits();
  Values values;
  for (Code code = 0; code < Code{1} << bits; ++code) values.push_back(format.Decode(code));
  return values;
}

// Both halves of a sign-magnitude format mirror each other, and the values follow
// `magnitude(code)`.
template <typename Magnitude>
void ExpectSignMagnitude(std::string_view name, const Magnitude& magnitude) {
  const Format format = Get(name);
  const Code sign = Code{1} << (format.bits() - 1);
  for (Code code = 0; code < sign; ++code) {
    ASSERT_EQ(format.Decode(code), magnitude(code)) << name << ' ' << code;
    ASSERT_EQ(format.Decode(code | sign), -magnitude(code)) << name << ' ' << code;
  }
}

TEST(Integer, SignExtendsTwosComplement) {
  for (int n = 2; n <= 16; ++n) {
    const Format format = Get(fmt::format("int{}", n));
    for (Code code = 0; code < Code{1} << n; ++code) {
      ASSERT_EQ(format.Decode(code), static_cast<std::int32_t>(code << (32 - n)) >> (32 - n));
    }
  }
}

TEST(Integer, UnsignedValueIsTheCode) {
  for (int n = 1; n <= 16; ++n) {
    const Format format = Get(fmt::format("uint{}", n));
    for (Code code = 0; code < Code{1} << n; ++code) ASSERT_EQ(format.Decode(code), code);
  }
}

TEST(Fixed, PublishedSmallSets) {
  EXPECT_EQ(Magnitudes("fixed2"), (Values{0, 1}));
  EXPECT_EQ(Magnitudes("fixed3"), (Values{0, .5, 1, 1.5}));
  EXPECT_EQ(Magnitudes("fixed4"), (Values{0, .25, .5, .75, 1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(Magnitudes("ufixed3"), Magnitudes("fixed4"));
}

TEST(Fixed, IsSignTimesFractionOverAPowerOfTwo) {
  for (int n = 2; n <= 16; ++n) {
    ExpectSignMagnitude(fmt::format("fixed{}", n),
                        [n](Code f) { return f / static_cast<double>(1 << (n - 2)); });
  }
}

TEST(Exp, PublishedSmallSets) {
  EXPECT_EQ(Magnitudes("exp2"), (Values{0, 2}));  // bias 0: +-2^(1-B)
  EXPECT_EQ(Magnitudes("exp3"), (Values{0, 1, 2, 4}));
  EXPECT_EQ(Magnitudes("exp4"), (Values{0, .25, .5, 1, 2, 4, 8, 16}));
  EXPECT_EQ(Magnitudes("uexp3"), Magnitudes("exp4"));
}

TEST(Exp, IsZeroOrAPowerOfTwo) {
  for (int n = 2; n <= 8; ++n) {
    const int bias = (1 << (n - 2)) - 1;
    ExpectSignMagnitude(fmt::format("exp{}", n), [bias](Code e) {
      return e == 0 ? 0.0 : std::exp2(static_cast<double>(e) - bias);
    });
  }
}

TEST(Esb, PublishedSets) {
  EXPECT_EQ(Magnitudes("esb2_0"), (Values{0, 1}));
  EXPECT_EQ(Magnitudes("esb3_0"), (Values{0, 1, 2, 4}));
  EXPECT_EQ(Magnitudes("esb3_1"), (Values{0, .5, 1, 1.5}));
  EXPECT_EQ(Magnitudes("esb4_0"), (Values{0, 1, 2, 4, 8, 16, 32, 64}));
  EXPECT_EQ(Magnitudes("esb4_1"), (Values{0, .5, 1, 1.5, 2, 3, 4, 6}));
  EXPECT_EQ(Magnitudes("esb4_2"), (Values{0, .25, .5, .75, 1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(Magnitudes("esb5_1"),
            (Values{0, .5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96}));
  EXPECT_EQ(Magnitudes("esb5_3").back(), 1.875);
  EXPECT_EQ(Magnitudes("uesb4_1"), Magnitudes("esb5_1"));
}

TEST(Esb, IsAShiftedSignificandInIntegers) {
  for (int n = 2; n <= 9; ++n) {
    for (int k = n == 9 ? 1 : 0; k <= n - 2; ++k) {
      ExpectSignMagnitude(fmt::format("esb{}_{}", n, k), [k](Code code) {
        const int e = static_cast<int>(code >> k);
        const unsigned f = code & ((1u << k) - 1);
        const double integer = e == 0 ? f : ((1u << k) | f) * std::pow(2.0, e - 1);
        return integer / (1 << k);
      });
    }
  }
}

TEST(Esb, ProjectsTheTwentyPublishedValues) {
  constexpr double kIn[] = {2.17, 1.62, 1.24, 0.76, 0.68, 1.91, 2.72, 3.06, 2.81, 2.37,
                            2.21, 2.67, 1.33, 1.46, 0.59, 4.00, 4.38, 1.67, 2.98, 0.61};
  constexpr double kOut[] = {2.19, 1.56, 1.25, 0.78, 0.63, 1.88, 2.50, 3.13, 2.50, 2.50,
                             2.19, 2.50, 1.25, 1.56, 0.63, 3.75, 4.38, 1.56, 3.13, 0.63};
  constexpr double kAlpha = 0.625;
  const Format format = Get("esb5_2");
  double error = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    const double out = kAlpha * format.Round(kIn[i] / kAlpha);
    EXPECT_NEAR(out, kOut[i], 0.0051) << kIn[i];
    error += std::fabs(out - kIn[i]);
  }
  // The figure's total comes from inputs before they were printed to two decimals: 20 * 0.005 of
  // room.
  EXPECT_NEAR(error, 1.82, 20 * 0.005);
}

TEST(DyBit, FourBitTables) {
  EXPECT_EQ(Magnitudes("udybit4"),
            (Values{0, .125, .25, .375, .5, .625, .75, .875, 1, 1.25, 1.5, 1.75, 2, 3, 4, 8}));
  EXPECT_EQ(Magnitudes("dybit4"), (Values{0, .25, .5, .75, 1, 1.5, 2, 4}));
  EXPECT_EQ(Magnitudes("dybit5"), Magnitudes("udybit4"));
  EXPECT_EQ(Get("dybit4").Decode(0b1000), 0);
  EXPECT_EQ(Get("dybit4").Decode(0b1101), -1.5);
  EXPECT_EQ(Get("dybit4").Decode(0b1111), -4);
}

TEST(DyBit, TwoAndThreeBitSets) {
  EXPECT_EQ(Magnitudes("dybit2"), (Values{0, 1}));
  EXPECT_EQ(Magnitudes("dybit3"), (Values{0, .5, 1, 2}));
}

TEST(DyBit, EightBitKeyCodes) {
  const std::pair<Code, double> kKeys[] = {
      {1, 1.0 / 64}, {63, 63.0 / 64}, {64, 1},   {65, 1.03125}, {95, 1.96875}, {96, 2},
      {97, 2.125},   {111, 3.875},    {112, 4},  {119, 7.5},    {120, 8},      {123, 14},
      {124, 16},     {125, 24},       {126, 32}, {127, 64}};
  const Format format = Get("dybit8");
  for (const auto& [code, value] : kKeys) {
    EXPECT_EQ(format.Decode(code), value) << code;
    EXPECT_EQ(format.Decode(code | 128), -value) << code;
  }
}

TEST(DyBit, IsAShiftedSignificandInIntegers) {
  for (int n = 1; n <= 15; ++n) {
    ExpectSignMagnitude(fmt::format("dybit{}", n + 1), [n](Code code) {
      int k = 0;
      while (k < n && (code >> (n - 1 - k) & 1) != 0) ++k;
      std::int64_t integer = code;
      if (k == n) {
        integer = std::int64_t{1} << (2 * (n - 1));
      } else if (k > 0) {
        const int m = n - 1 - k;
        integer = ((std::int64_t{1} << m) | (code & ((1 << m) - 1))) << (2 * k - 1);
      }
      return static_cast<double>(integer) / static_cast<double>(1 << (n - 1));
    });
  }
}

TEST(Minifloat, OcpSixAndFourBitSets) {
  EXPECT_EQ(Magnitudes("e2m1"), (Values{0, .5, 1, 1.5, 2, 3, 4, 6}));
  EXPECT_EQ(Get("e2m3").info().max, 7.5);
  EXPECT_EQ(Get("e2m3").info().smallest_positive, 0.125);
  EXPECT_EQ(Get("e3m2").info().max, 28);
  EXPECT_EQ(Get("e3m2").info().smallest_positive, 0.0625);
  EXPECT_EQ(Get("e2m3").info().distinct_values, 63u);
  EXPECT_EQ(Get("e3m2").info().distinct_values, 63u);
}

TEST(Minifloat, OcpEightBitExtremes) {
  const Format e4m3 = Get("e4m3fn");
  EXPECT_EQ(e4m3.info().max, 448);
  EXPECT_EQ(e4m3.info().min, -448);
  EXPECT_EQ(e4m3.info().smallest_positive, 0x1p-9);
  EXPECT_EQ(e4m3.info().distinct_values, 253u);
  EXPECT_TRUE(std::isnan(e4m3.Decode(0x7f)));
  EXPECT_TRUE(std::isnan(e4m3.Decode(0xff)));
  EXPECT_EQ(e4m3.Decode(0x08), 0x1p-6);  // least normal
  EXPECT_EQ(e4m3.Decode(0x38), 1);
  const Format e5m2 = Get("e5m2");
  EXPECT_EQ(e5m2.info().max, 57344);
  EXPECT_EQ(e5m2.info().smallest_positive, 0x1p-16);
  EXPECT_EQ(e5m2.info().distinct_values, 247u);
  EXPECT_EQ(e5m2.Decode(0x7c), std::numeric_limits<double>::infinity());
  EXPECT_EQ(e5m2.Decode(0xfc), -std::numeric_limits<double>::infinity());
  for (const Code code : {0x7du, 0x7eu, 0x7fu, 0xfdu}) EXPECT_TRUE(std::isnan(e5m2.Decode(code)));
}

// ONNX: max 240 and 57344, least subnormal 2^-10 and 2^-17, NaN where -0 would be.
TEST(Minifloat, EightBitFormsWithoutNegativeZero) {
  const Format e4m3 = Get("e4m3fnuz"), e5m2 = Get("e5m2fnuz");
  EXPECT_EQ(e4m3.info().max, 240);
  EXPECT_EQ(e4m3.info().smallest_positive, 0x1p-10);
  EXPECT_EQ(e5m2.info().max, 57344);
  EXPECT_EQ(e5m2.info().smallest_positive, 0x1p-17);
  for (const Format& format : {e4m3, e5m2}) {
    EXPECT_TRUE(std::isnan(format.Decode(0x80)));
    EXPECT_EQ(format.info().nan_codes, 1u);
    EXPECT_EQ(format.info().distinct_values, 255u);
  }
}

// A float's bits read as that float, NaN equal to NaN.
void ExpectFloat(const Format& format, Code code, float expected) {
  const double value = format.Decode(code);
  if (std::isnan(expected)) {
    ASSERT_TRUE(std::isnan(value)) << format.name() << ' ' << code;
  } else {
    ASSERT_EQ(value, static_cast<double>(expected)) << format.name() << ' ' << code;
  }
}

TEST(Minifloat, Bf16IsTheUpperHalfOfAFloat) {
  const Format format = Get("bf16");
  for (Code code = 0; code < 65536; ++code) {
    ExpectFloat(format, code, std::bit_cast<float>(code << 16));
  }
}

// Half precision through single: the fields moved into place, times 2^112, which is exact for
// subnormals too.
float HalfToFloat(Code code) {
  const Code sign = (code & 0x8000) << 16;
  if ((code & 0x7c00) == 0x7c00)
    return std::bit_cast<float>(sign | 0x7f800000 | (code & 0x3ff) << 13);
  return std::bit_cast<float>(sign | (code & 0x7fff) << 13) * 0x1p112f;
}

TEST(Minifloat, Fp16AndE5m2AreHalfPrecision) {
  const Format fp16 = Get("fp16");
  for (Code code = 0; code < 65536; ++code) ExpectFloat(fp16, code, HalfToFloat(code));
  const Format e5m2 = Get("e5m2");
  for (Code code = 0; code < 256; ++code) ExpectFloat(e5m2, code, HalfToFloat(code << 8));
}

TEST(Minifloat, UnsignedFormHasTheMagnitudesOfTheSigned) {
  EXPECT_EQ(Magnitudes("ue2m1"), Magnitudes("e2m1"));
  EXPECT_EQ(Magnitudes("ue3m2"), Magnitudes("e3m2"));
  EXPECT_EQ(Get("ue4m3fn").info().max, 448);
  EXPECT_EQ(Get("ue4m4").info().max, 496);
}

TEST(E8m0, IsAPowerOfTwoAnd255IsNan) {
  const Format format = Get("e8m0");
  for (Code code = 0; code < 255; ++code) {
    ASSERT_EQ(format.Decode(code), std::exp2(static_cast<double>(code) - 127));
  }
  EXPECT_TRUE(std::isnan(format.Decode(255)));
  EXPECT_EQ(format.Round(0), 0x1p-127);
  EXPECT_EQ(format.Round(1e300), 0x1p127);
}

// Mean squared error of scale * Round(x / scale) for a density on the line, by the midpoint rule.
template <typename Density>
double MeanSquaredError(const Format& format, double scale, double reach, const Density& density) {
  constexpr double kStep = 1.0 / 1024;
  double sum = 0;
  for (double t = -reach + kStep / 2; t < reach; t += kStep) {
    const double error = scale * format.Round(t / scale) - t;
    sum += error * error * density(t) * kStep;
  }
  return sum;
}

double Gaussian(double t) { return 0.3989422804014327 * std::exp(-t * t / 2); }
double Laplace(double t) {
  return std::exp(-std::fabs(t) * 1.4142135623730951) * 0.7071067811865476;
}

struct Optimum {
  std::string_view format;
  double scale, error;
};

void ExpectGaussianOptimum(const Optimum& optimum) {
  const Format format = Get(optimum.format);
  const auto at = [&](double scale) { return MeanSquaredError(format, scale, 8, Gaussian); };
  const double best = at(optimum.scale);
  EXPECT_NEAR(best, optimum.error, 1.1e-6) << optimum.format;
  EXPECT_GT(at(optimum.scale * 1.03), best) << optimum.format;
  EXPECT_GT(at(optimum.scale * 0.97), best) << optimum.format;
}

TEST(GaussianOptimum, OfDyBit) {
  for (const Optimum& optimum : {Optimum{"dybit2", 1.2240, .190174},
                                 {"dybit3", 1.0363, .047560},
                                 {"dybit4", 1.2506, .014951},
                                 {"dybit5", 1.3813, .004241},
                                 {"dybit6", 1.4278, .001116},
                                 {"dybit7", 1.4396, .000283},
                                 {"dybit8", 1.4426, .000071}}) {
    ExpectGaussianOptimum(optimum);
  }
}

TEST(GaussianOptimum, OfElasticSignificantBits) {
  for (const Optimum& optimum : {Optimum{"esb2_0", 1.2240, .190174},
                                 {"esb3_0", 0.5181, .047560},
                                 {"esb4_0", 0.0655, .037745},
                                 {"esb4_1", 0.4871, .012685},
                                 {"esb5_2", 0.4828, .003256},
                                 {"esb6_3", 0.4997, .000829},
                                 {"esb7_4", 0.5247, .000212},
                                 {"esb8_5", 0.5527, .000054},
                                 {"esb5_3", 1.5460, .003693}}) {
    ExpectGaussianOptimum(optimum);
  }
}

// The published figures for integers are for the symmetric grid, which fixed point has: scale *
// 2^(N-2) there.
TEST(GaussianOptimum, OfTheSymmetricLinearGrid) {
  for (const Optimum& optimum : {Optimum{"fixed2", 1.2240, .190174},
                                 {"fixed3", .6508 * 2, .046860},
                                 {"fixed4", .3534 * 4, .012889},
                                 {"fixed5", .1932 * 8, .003693},
                                 {"fixed6", .1055 * 16, .001069},
                                 {"fixed8", .0309 * 64, .000088}}) {
    ExpectGaussianOptimum(optimum);
  }
}

double BestLaplaceError(std::string_view name) {
  const Format format = Get(name);
  double best = 1;
  for (double scale = 0.05; scale < 4; scale *= 1.02) {
    best = std::min(best, MeanSquaredError(format, scale, 18, Laplace));
  }
  return best;
}

TEST(LaplaceOptimum, DyBitBeatsTheLinearGridAndElasticBeatsBothAtFourBits) {
  EXPECT_NEAR(BestLaplaceError("dybit4"), .02205, 5e-5);
  EXPECT_NEAR(BestLaplaceError("fixed4"), .02740, 5e-5);
  EXPECT_NEAR(BestLaplaceError("esb4_1"), .01849, 5e-5);
}

}  // namespace
}  // namespace bw
