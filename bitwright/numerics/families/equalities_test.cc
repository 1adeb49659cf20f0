// Families that are special cases of others, and sets that are the same up to a scale.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

using Values = std::vector<double>;

// The format of a name with {} for the numbers.
template <typename... Numbers>
Format Get(std::string_view pattern, Numbers... numbers) {
  const std::string name = fmt::vformat(pattern, fmt::make_format_args(numbers...));
  const Expected<Format> format = Format::Parse(name);
  EXPECT_TRUE(format.has_value()) << name;
  return *format;
}

// Code for code, by way of the codec and by way of its spelling.
void ExpectCanonical(const Format& format, const Canonical& form) {
  const std::string tuple = fmt::format("<{},{},{},{}>", form.is_signed ? 1 : 0, form.exponent_bits,
                                        form.fraction_bits, form.bias);
  const Format spelled = Get(tuple);
  ASSERT_EQ(spelled.name(), tuple);
  ASSERT_EQ(spelled.bits(), format.bits()) << tuple;
  for (Code code = 0; code < Code{1} << format.bits(); ++code) {
    ASSERT_EQ(format.Decode(code), form.Decode(code)) << format.name() << ' ' << code;
    ASSERT_EQ(format.Decode(code), spelled.Decode(code)) << format.name() << ' ' << code;
  }
}

// The values of `a`, times `factor`, are those of `b`.
void ExpectSameSet(const Format& a, double factor, const Format& b) {
  ASSERT_EQ(a.values().size(), b.values().size()) << a.name() << ' ' << b.name();
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    ASSERT_EQ(a.values()[i] * factor, b.values()[i]) << a.name() << ' ' << b.name();
  }
}

TEST(Equalities, ElasticSignificantBitsAreCanonicalWithBiasOne) {
  for (int n = 2; n <= 12; ++n) {
    for (int k = std::max(0, n - 8); k <= n - 2; ++k) {
      ExpectCanonical(Get("esb{}_{}", n, k), {true, n - 1 - k, k, 1});
    }
    for (int k = std::max(0, n - 7); k <= n - 1; ++k) {
      ExpectCanonical(Get("uesb{}_{}", n, k), {false, n - k, k, 1});
    }
  }
}

TEST(Equalities, FixedPointIsCanonicalWithoutAnExponent) {
  for (int n = 2; n <= 16; ++n) {
    ExpectCanonical(Get("fixed{}", n), {true, 0, n - 1, 0});
    ExpectCanonical(Get("ufixed{}", n), {false, 0, n, 0});
  }
}

TEST(Equalities, PowersOfTwoAreCanonicalWithoutAFraction) {
  for (int n = 2; n <= 8; ++n) {
    ExpectCanonical(Get("exp{}", n), {true, n - 1, 0, (1 << (n - 2)) - 1});
    ExpectCanonical(Get("uexp{}", n - 1), {false, n - 1, 0, (1 << (n - 2)) - 1});
  }
}

TEST(Equalities, SmallFloatsAreCanonicalWithTheStandardBias) {
  for (const auto& [x, y] : {std::pair(2, 1), {2, 3}, {3, 2}, {3, 4}, {4, 2}}) {
    ExpectCanonical(Get("e{}m{}", x, y), {true, x, y, StandardBias(x)});
    ExpectCanonical(Get("ue{}m{}", x, y), {false, x, y, StandardBias(x)});
  }
}

// Libnumber keeps no code for infinity and NaN.
TEST(Equalities, HalfPrecisionIsCanonicalBelowItsTopExponent) {
  const Format half = Get("fp16"), canonical = Get("<1,5,10,15>");
  for (Code code = 0; code < 1 << 16; ++code) {
    if (std::isfinite(half.Decode(code))) {
      ASSERT_EQ(half.Decode(code), canonical.Decode(code)) << code;
    }
  }
  EXPECT_EQ(canonical.info().max, 131008);
  EXPECT_EQ(canonical.info().nan_codes + canonical.info().infinity_codes, 0u);
}

TEST(Equalities, ABiasIsAPowerOfTwoScale) {
  ExpectSameSet(Get("<1,3,2,3>"), 0x1p-5, Get("<1,3,2,8>"));
  ExpectSameSet(Get("<1,0,7,0>"), 0x1p3, Get("<1,0,7,-3>"));
}

TEST(Equalities, AtTwoBitsExponentialIsFixedWithTheNextBias) {
  for (int bias = -5; bias <= 5; ++bias) {
    ExpectSameSet(Get("<1,1,0,{}>", bias + 1), 1, Get("<1,0,1,{}>", bias));
  }
}

TEST(Equalities, DyBitHasTheSetOfFlint) {
  for (int n = 2; n <= 16; ++n) {
    ExpectSameSet(Get("dybit{}", n), std::ldexp(1.0, n - 2), Get("flint{}", n));
    ExpectSameSet(Get("udybit{}", n), std::ldexp(1.0, n - 1), Get("uflint{}", n));
  }
}

// A posit without exponent bits is linear below one, and so is DyBit: the same codes but for the
// sign.
TEST(Equalities, DyBitHasTheSetOfPositsWithoutExponentBits) {
  for (int n = 2; n <= 16; ++n) {
    ExpectSameSet(Get("dybit{}", n), 1, Get("posit{}_0", n));
    ExpectSameSet(Get("udybit{}", n), 1, Get("uposit{}_0", n));
  }
}

TEST(Equalities, ElasticWithoutSignificantBitsIsPowersOfTwo) {
  for (int n = 2; n <= 8; ++n) {
    const int bias = (1 << (n - 2)) - 1;
    ExpectSameSet(Get("esb{}_0", n), std::ldexp(1.0, 1 - bias), Get("exp{}", n));
  }
}

TEST(Equalities, ElasticWithAllSignificantBitsIsLinear) {
  for (int n = 2; n <= 16; ++n) {
    ExpectSameSet(Get("esb{}_{}", n, n - 2), 1, Get("fixed{}", n));
  }
}

TEST(Equalities, LogarithmsWithoutAFractionArePowersOfTwo) {
  for (int n = 3; n <= 8; ++n) {
    const int least = 1 - (1 << (n - 2));
    const int exp_least = 2 - (1 << (n - 2));
    ExpectSameSet(Get("lns{}_0", n), std::ldexp(1.0, exp_least - least), Get("exp{}", n));
  }
}

TEST(Equalities, AdaptivFloatWithoutAFractionIsPowersOfTwo) {
  for (int n = 3; n <= 8; ++n) {
    ExpectSameSet(Get("adaptivfloat{}_{}", n, n - 1), 1, Get("exp{}", n));
  }
}

TEST(Equalities, OneTermOfAdditivePowersIsPowersOfTwo) {
  ExpectSameSet(Get("apot3"), 8, Get("exp3"));
}

TEST(Equalities, TheSmallestFormatsAreTernary) {
  for (const std::string_view name : {"fixed2", "dybit2", "esb2_0", "flint2", "posit2_2"}) {
    ExpectSameSet(Get("ternary"), 1, Get(name));
  }
  ExpectSameSet(Get("ternary"), 2, Get("exp2"));
  ExpectSameSet(Get("binary"), 1, Get("odd1"));
}

TEST(Equalities, TheOddGridIsTheIntegersBetween) {
  for (int n = 2; n <= 16; ++n) {
    const Format odd = Get("odd{}", n), integer = Get("int{}", n);
    for (std::size_t i = 0; i < odd.values().size(); ++i) {
      ASSERT_EQ(odd.values()[i], 2 * integer.values()[i] + 1) << n;
    }
  }
}

TEST(Equalities, AFormatIsTheCodebookOfItsValues) {
  for (const std::string_view name : {"nf4", "dybit4", "e2m1", "esb3_1", "apot4", "lns4_1"}) {
    const Format format = Get(name);
    std::string text = fmt::format("lut{}[", format.bits());
    for (const double value : format.values()) text += fmt::format("{};", value);
    text.back() = ']';
    ExpectSameSet(Get(text), 1, format);
  }
}

}  // namespace
}  // namespace bw
