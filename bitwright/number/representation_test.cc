#include "bitwright/number/representation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "bitwright/base/rng.h"
#include "bitwright/numerics/format.h"

namespace bw::number {
namespace {

const Representation& Get(std::string_view name, int bias = 0) {
  const Expected<const Representation*> found = Representation::Find(name, bias);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return **found;
}

std::set<double> ValuesOf(const Representation& format) {
  std::set<double> values;
  for (std::uint32_t code = 0; code < std::uint32_t{1} << format.bits(); ++code) {
    values.insert(format.Decode(code));
  }
  return values;
}

float AnyFloat(Rng& rng) {
  return std::ldexp(static_cast<float>(rng.Uniform(-1, 1)), static_cast<int>(rng.Below(40)) - 20);
}

TEST(Representation, HasThePapersValues) {
  EXPECT_EQ(ValuesOf(Get("fixed3")), (std::set<double>{-1.5, -1, -.5, 0, .5, 1, 1.5}));
  EXPECT_EQ(ValuesOf(Get("fixed4", 2)),
            (std::set<double>{-.4375, -.375, -.3125, -.25, -.1875, -.125, -.0625, 0, .0625, .125,
                              .1875, .25, .3125, .375, .4375}));
  EXPECT_EQ(ValuesOf(Get("fixed2", 3)), (std::set<double>{-.125, 0, .125}));
  EXPECT_EQ(ValuesOf(Get("exp2", 2)), (std::set<double>{-.5, 0, .5}));  // B = 2: 2^(1-B)
  EXPECT_EQ(ValuesOf(Get("exp3")), (std::set<double>{-4, -2, -1, 0, 1, 2, 4}));
  EXPECT_EQ(ValuesOf(Get("exp4")),
            (std::set<double>{-16, -8, -4, -2, -1, -.5, -.25, 0, .25, .5, 1, 2, 4, 8, 16}));
}

// The oracle is numerics/: enumeration and search in a table, where the code under test computes.
TEST(Representation, ArithmeticAgreesWithTheTableOfEveryFormatUpTo16Bits) {
  std::vector<std::string> names = {"fixed16", "exp8", "exp2"};
  for (int n = 2; n <= 12; ++n) names.push_back(fmt::format("fixed{}", n));
  for (int n = 3; n <= 7; ++n) names.push_back(fmt::format("exp{}", n));
  Rng rng(3);
  for (const std::string& name : names) {
    const Format law = *Format::Parse(name);
    for (const int bias : {0, 3, -5}) {
      const Representation& format = Get(name, bias);
      const auto expect = [&](double x) {  // x is a float
        const auto rounded = std::ldexp(law.Round(std::ldexp(x, bias)), -bias);
        ASSERT_EQ(format.Round(static_cast<float>(x)), rounded) << name << " " << x;
        ASSERT_EQ(format.Encode(static_cast<float>(x)), law.Encode(std::ldexp(x, bias)))
            << name << " " << x;
      };
      for (const double value : law.values()) expect(std::ldexp(value, -bias));
      for (const double value : law.thresholds()) {
        const auto middle = static_cast<float>(std::ldexp(value, -bias));
        expect(middle);
        expect(std::nextafter(middle, 1e30F));
        expect(std::nextafter(middle, -1e30F));
      }
      for (int i = 0; i < 2000; ++i) expect(AnyFloat(rng));
      for (Code code = 0; code < Code{1} << law.bits(); ++code) {
        ASSERT_EQ(format.Decode(code), std::ldexp(law.Decode(code), -bias)) << name << code;
      }
    }
  }
}

TEST(Representation, Float16IsFp16ExceptWhereThatHasInfinities) {
  const Representation& format = Get("float16");
  const Format law = *Format::Parse("fp16");
  Rng rng(4);
  for (int i = 0; i < 100000; ++i) {
    const float x = AnyFloat(rng) * 0.001F;
    ASSERT_EQ(format.Round(x), law.Round(x)) << x;
    ASSERT_EQ(format.Encode(x), law.Encode(x)) << x;
  }
  EXPECT_EQ(format.max(), 131008);
  EXPECT_EQ(format.Round(1e9F), 131008);
  EXPECT_EQ(format.Decode(format.Encode(100032)), 100032);  // a multiple of 64
}

TEST(Representation, WideFixedPointIsTheNearestMultipleOfItsStep) {
  Rng rng(5);
  for (int n = 17; n <= 32; ++n) {
    const Representation& format = Get(fmt::format("fixed{}", n), 2);
    EXPECT_EQ(format.bits(), n);
    const double step = std::ldexp(1.0, 2 - n - 2), end = format.max();
    EXPECT_LE(end, step * (std::ldexp(1.0, n - 1) - 1));
    EXPECT_GT(end, 0.4999);
    for (int i = 0; i < 3000; ++i) {
      const float x = AnyFloat(rng);
      const double nearest = std::clamp(std::nearbyint(x / step) * step, -end, end);
      ASSERT_EQ(format.Round(x), nearest) << n << " " << x;
      ASSERT_EQ(format.Decode(format.Encode(x)), nearest) << n << " " << x;
    }
  }
}

TEST(Representation, Exp9LeavesOutWhatNoFloatHolds) {
  const Representation& format = Get("exp9");
  EXPECT_EQ(format.max(), 0x1p127);
  EXPECT_EQ(format.smallest(), 0x1p-126);
  EXPECT_EQ(format.Round(0x1.7p127F), 0x1p127F);
  EXPECT_EQ(format.Decode(format.Encode(-0x1p-100F)), -0x1p-100F);
  EXPECT_EQ(Get("exp9", 1).max(), 0x1p127);
  EXPECT_EQ(Get("exp9", 1).Decode(255), 0x1p127F);
  EXPECT_EQ(Get("exp9", 100).Round(0x1p-149F), 0x1p-149F);
  EXPECT_EQ(Get("exp9", 100).smallest(), 0x1p-149);
}

TEST(Representation, StoresNanAsZeroAndInfinitiesAsTheEndsExceptInFloat32) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::string& name : ExampleFormats()) {
    if (name == "fp32") continue;
    const Expected<const Representation*> format = Representation::Find(name, 1);
    if (!format) continue;
    const Format law = *Format::Parse(name);
    EXPECT_EQ((*format)->Round(nan), std::ldexp(law.Round(nan), -1)) << name;
    EXPECT_EQ((*format)->Round(infinity), (*format)->max()) << name;
  }
  for (const char* name : {"fixed8", "fixed24", "exp4", "float16"}) {
    EXPECT_EQ(Get(name).Round(nan), 0) << name;
    EXPECT_EQ(Get(name).Round(-infinity), -Get(name).max()) << name;
  }
  EXPECT_TRUE(std::isnan(Get("fp32").Round(nan)));
  EXPECT_EQ(Get("fp32").Round(infinity), infinity);
  EXPECT_EQ(Get("fp32").Decode(Get("fp32").Encode(-0.0F)), 0);
}

TEST(Representation, IsOneObjectForOneFormatAndBias) {
  EXPECT_EQ(&Get("fp32"), &Get("float32"));
  EXPECT_EQ(&Get("fp16"), &Get("e5m10"));
  EXPECT_EQ(&Get("fixed8", 2), &Get("fixed8", 2));
  EXPECT_NE(&Get("fixed8", 2), &Get("fixed8", 1));
  EXPECT_EQ(Get("fixed8", -3).text(), "fixed8 bias=-3");
}

TEST(Representation, WiderPrefersDynamicRangeButFloatingOverExponential) {
  const auto wider = [](const Representation& a, const Representation& b) {
    EXPECT_EQ(&Representation::Wider(a, b), &Representation::Wider(b, a));
    return Representation::Wider(a, b).text();
  };
  EXPECT_EQ(wider(Get("fixed8"), Get("fixed4")), "fixed8");
  EXPECT_EQ(wider(Get("fixed8"), Get("fp32")), "fp32");
  EXPECT_EQ(wider(Get("exp4"), Get("fixed5")), "exp4");      // 64 against 15
  EXPECT_EQ(wider(Get("exp4"), Get("fixed9")), "fixed9");    // 64 against 255
  EXPECT_EQ(wider(Get("exp9"), Get("float16")), "float16");  // floating, though narrower
  EXPECT_EQ(wider(Get("exp8"), Get("e2m1")), "e2m1");
  EXPECT_EQ(wider(Get("fixed8", 3), Get("fixed8", -3)), "fixed8 bias=-3");  // the larger maximum
  EXPECT_EQ(wider(Get("fixed8"), Get("fixed8")), "fixed8");
}

TEST(Representation, RefusesWhatItCannotBe) {
  const auto message = [](std::string_view name, int bias) {
    const Expected<const Representation*> found = Representation::Find(name, bias);
    return found ? std::string() : found.error().message;
  };
  EXPECT_NE(message("fixed33", 0).find("33"), std::string::npos);
  EXPECT_NE(message("exp10", 0).find("2 to 9"), std::string::npos);
  EXPECT_NE(message("fixd8", 0).find("'fixed8'"), std::string::npos);
  EXPECT_NE(message("fp32", 1).find("bias"), std::string::npos);
  EXPECT_NE(message("fixed8", 160).find("float32"), std::string::npos);
  EXPECT_NE(message("fixed8", -130).find("float32"), std::string::npos);
  EXPECT_NE(message("exp9", 500).find("float32"), std::string::npos);
  EXPECT_NE(message("int4", 100000).find("100000"), std::string::npos);
}

TEST(FirstBias, IsThePapersForLeNet) {
  EXPECT_EQ(FirstBias(.5794976), 0);
  EXPECT_EQ(FirstBias(.16474459), 2);
  EXPECT_EQ(FirstBias(.996094), 0);
  EXPECT_EQ(FirstBias(5.05664), -3);
  EXPECT_EQ(FirstBias(0), 0);
  EXPECT_EQ(FirstBias(4), -2);
}

TEST(BiasForShift, PutsTheLargestValueIntoOneBinadeForAllFormats) {
  for (const char* name : {"fixed2", "fixed8", "fixed32", "exp2", "exp5", "exp9", "dybit4", "int8",
                           "e4m3fn", "float16", "esb5_2"}) {
    for (const int shift : {-3, 0, 5}) {
      const Expected<int> bias = BiasForShift(name, shift);
      ASSERT_TRUE(bias.has_value());
      EXPECT_EQ(std::ilogb(Get(name, *bias).max()), -shift) << name;
    }
  }
  EXPECT_EQ(*BiasForShift("fixed5", 3), 3);
  EXPECT_EQ(*BiasForShift("fp32", 3), 0);
}

TEST(BiasForShift, KeepsTheValueSetBetweenTwoBitFixedAndExp) {
  for (const int shift : {-2, 0, 1, 4}) {
    const Representation& fixed = Get("fixed2", *BiasForShift("fixed2", shift));
    const Representation& exponential = Get("exp2", *BiasForShift("exp2", shift));
    EXPECT_EQ(ValuesOf(fixed), ValuesOf(exponential));
    EXPECT_EQ(exponential.bias(), fixed.bias() + 1);  // E2(B+1) = I2(B)
  }
}

}  // namespace
}  // namespace bw::number
