#include "bitwright/numerics/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Entry {
  double value;
  Code code;
};

// Finite values with their lowest codes, in code order, from Decode alone.
std::vector<Entry> BruteTable(const Format& format) {
  std::vector<Entry> entries;
  std::map<double, Code> seen;
  for (Code code = 0; code < Code{1} << format.bits(); ++code) {
    const double value = format.Decode(code);
    if (std::isfinite(value) && seen.emplace(value, code).second) entries.push_back({value, code});
  }
  return entries;
}

// The law by linear search: nearest, then the even code, then the smaller magnitude.
Code BruteEncode(const std::vector<Entry>& table, double x) {
  const Entry* best = &table[0];
  for (const Entry& entry : table) {
    const long double distance = std::fabs(static_cast<long double>(entry.value) - x);
    const long double least = std::fabs(static_cast<long double>(best->value) - x);
    const bool even = entry.code % 2 == 0;
    const bool best_even = best->code % 2 == 0;
    const bool smaller = std::fabs(entry.value) < std::fabs(best->value);
    if (distance < least || (distance == least && (even != best_even ? even : smaller))) {
      best = &entry;
    }
  }
  return best->code;
}

std::vector<Format> EnumeratedExamples() {
  std::vector<Format> formats;
  for (const std::string& name : ExampleFormats()) {
    const Expected<Format> format = Format::Parse(name);
    EXPECT_TRUE(format.has_value()) << name;
    if (format && format->bits() <= 16) formats.push_back(*format);
  }
  return formats;
}

std::string MessageOf(std::string_view name) {
  const Expected<Format> format = Format::Parse(name);
  return format ? "no error" : format.error().message;
}

TEST(Format, EveryExampleOfEveryFamilyParsesToItself) {
  EXPECT_GT(ExampleFormats().size(), 60u);
  for (const FormatFamily* family : families::All()) {
    EXPECT_FALSE(family->examples.empty()) << family->name;
    for (const std::string_view name : family->examples) {
      const Expected<Format> format = Format::Parse(name);
      ASSERT_TRUE(format.has_value()) << name;
      EXPECT_EQ(format->name(), name);
      EXPECT_EQ(format->info().family, family->name);
    }
  }
}

TEST(Format, EveryValueEncodesToItsLowestCode) {
  for (const Format& format : EnumeratedExamples()) {
    for (const Entry& entry : BruteTable(format)) {
      ASSERT_EQ(format.Encode(entry.value), entry.code) << format.name() << ' ' << entry.value;
    }
  }
}

TEST(Format, ValuesAscendAndThresholdsAreTheirMidpoints) {
  for (const Format& format : EnumeratedExamples()) {
    const auto values = format.values();
    ASSERT_EQ(values.size(), format.info().distinct_values);
    ASSERT_EQ(values.size(), BruteTable(format).size()) << format.name();
    ASSERT_EQ(format.thresholds().size(), values.size() - 1);
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
      ASSERT_LT(values[i], values[i + 1]) << format.name();
      ASSERT_EQ(format.thresholds()[i] * 2, values[i] + values[i + 1]) << format.name();
    }
  }
}

TEST(Format, EncodesTheNearestValueByLinearSearchUpToTenBits) {
  for (const Format& format : EnumeratedExamples()) {
    if (format.bits() > 10) continue;
    const std::vector<Entry> table = BruteTable(format);
    const auto agree = [&](double x) {
      EXPECT_EQ(format.Encode(x), BruteEncode(table, x)) << format.name() << ' ' << x;
    };
    for (std::size_t i = 0; i + 1 < table.size(); ++i) {
      const double middle = format.thresholds()[i];
      agree(middle);
      // Beside 0 further away, where the distances of the linear search are exact.
      agree(middle == 0 ? -0x1p-40 : std::nextafter(middle, -kInfinity));
      agree(middle == 0 ? 0x1p-40 : std::nextafter(middle, kInfinity));
    }
    agree(format.info().max * 1.75);
    agree(format.info().min - 1e-3);
  }
}

TEST(Format, EncodesTheNearestValueOnSamplesOfSixteenBitFormats) {
  Rng rng(7);
  for (const Format& format : EnumeratedExamples()) {
    if (format.bits() <= 10) continue;
    const std::vector<Entry> table = BruteTable(format);
    const auto thresholds = format.thresholds();
    for (int i = 0; i < 60; ++i) {
      const double middle = thresholds[rng.Below(thresholds.size())];
      const double x = middle * rng.Uniform(0.999, 1.001);
      ASSERT_EQ(format.Encode(middle), BruteEncode(table, middle)) << format.name() << middle;
      ASSERT_EQ(format.Encode(x), BruteEncode(table, x)) << format.name() << ' ' << x;
    }
  }
}

TEST(Format, RoundingIsMonotone) {
  Rng rng(3);
  for (const Format& format : EnumeratedExamples()) {
    double previous = -kInfinity;
    const double span = std::min(format.info().max, 300.0) * 1.2;
    for (double x = -span; x < span; x += span / 500 * rng.Uniform()) {
      const double rounded = format.Round(x);
      ASSERT_GE(rounded, previous) << format.name() << ' ' << x;
      previous = rounded;
    }
  }
}

TEST(Format, OutsideTheRangeSaturatesInfinitiesToo) {
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    EXPECT_EQ(format.Round(kInfinity), format.info().max) << name;
    EXPECT_EQ(format.Round(-kInfinity), format.info().min) << name;
    EXPECT_EQ(format.Round(1e300), format.info().max) << name;
    EXPECT_EQ(format.Round(-1e300), format.info().min) << name;
  }
}

TEST(Format, NanBecomesZeroOrTheLeastMagnitude) {
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    double least = format.values().empty() ? 0 : kInfinity;
    for (const double value : format.values()) least = std::min(least, std::fabs(value));
    EXPECT_EQ(std::fabs(format.Round(kNan)), least) << name;
    EXPECT_EQ(format.Encode(kNan), format.Encode(0)) << name;
    EXPECT_EQ(format.Round(kNan), format.info().nan_value) << name;
  }
}

TEST(Format, NegativeZeroEncodesAsZero) {
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    EXPECT_EQ(format.Encode(-0.0), format.Encode(0.0)) << name;
    EXPECT_FALSE(format.Round(0) == 0 && std::signbit(format.Round(-0.0))) << name;
  }
}

TEST(Format, CountsTheCodesOfNanAndInfinity) {
  const auto counts = [](std::string_view name) {
    const FormatInfo& info = Format::Parse(name)->info();
    return std::pair(info.nan_codes, info.infinity_codes);
  };
  using Counts = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(counts("int8"), Counts(0, 0));
  EXPECT_EQ(counts("e4m3fn"), Counts(2, 0));
  EXPECT_EQ(counts("e5m2"), Counts(6, 2));
  EXPECT_EQ(counts("fp16"), Counts(2046, 2));
  EXPECT_EQ(counts("e8m0"), Counts(1, 0));
  EXPECT_EQ(counts("posit8_2"), Counts(1, 0));
  EXPECT_EQ(counts("ternary"), Counts(1, 0));
  EXPECT_EQ(counts("fp32"), Counts(0x1000000 - 2, 2));
}

TEST(Format, IntegerFormHoldsEveryValueAndNoLargerUnitDoes) {
  for (const Format& format : EnumeratedExamples()) {
    const auto& form = format.info().integer_form;
    if (!form) continue;
    bool odd = false;
    for (const double value : format.values()) {
      const double integer = value / form->unit;
      ASSERT_EQ(integer, std::trunc(integer)) << format.name();
      ASSERT_LT(std::fabs(integer), std::ldexp(1.0, form->bits)) << format.name();
      odd = odd || std::fmod(integer, 2) != 0;
    }
    EXPECT_TRUE(odd) << format.name();
  }
}

TEST(Format, IntegerFormAndSignificandOfKnownFormats) {
  const auto form = [](std::string_view name) { return *Format::Parse(name)->info().integer_form; };
  EXPECT_EQ(form("int8").bits, 8);  // 128 needs eight
  EXPECT_EQ(form("int8").unit, 1);
  EXPECT_EQ(form("dybit5").bits, 7);  // 64, algorithms 1.1
  EXPECT_EQ(form("dybit5").unit, 0.125);
  EXPECT_EQ(form("dybit8").bits, 13);  // 4096
  EXPECT_EQ(form("esb8_4").bits, 11);  // 1984
  EXPECT_EQ(form("esb6_3").bits, 6);   // 60
  EXPECT_EQ(form("e2m1").unit, 0.5);
  EXPECT_FALSE(Format::Parse("bf16")->info().integer_form.has_value());
  const auto significand = [](std::string_view name) {
    return Format::Parse(name)->info().significand_bits;
  };
  EXPECT_EQ(significand("bf16"), 8);
  EXPECT_EQ(significand("fp16"), 11);
  EXPECT_EQ(significand("fp32"), 24);
  EXPECT_EQ(significand("int8"), 7);
  EXPECT_EQ(significand("dybit8"), 6);
  EXPECT_EQ(significand("exp4"), 1);
}

TEST(Format, Fp32IsTheNearestFloat) {
  const Format format = *Format::Parse("fp32");
  EXPECT_EQ(format.Round(0.1), static_cast<double>(0.1f));
  EXPECT_EQ(format.Round(1 + 0x1p-24), 1.0);
  EXPECT_EQ(format.Round(1 + 0x1.8p-23), 1 + 0x1p-22);
  EXPECT_EQ(format.Round(0x1p-149 * 0.5), 0.0);
  EXPECT_EQ(format.Encode(-0x1p-151), 0u);
  EXPECT_EQ(format.Encode(1.0), 0x3f800000u);
  EXPECT_EQ(format.info().distinct_values, 0u);
  EXPECT_TRUE(format.values().empty());
}

TEST(Format, SpellingsOfOneFormatAreEqual) {
  EXPECT_EQ(*Format::Parse("e5m10"), *Format::Parse("fp16"));
  EXPECT_EQ(*Format::Parse("e8m7"), *Format::Parse("bf16"));
  EXPECT_NE(*Format::Parse("int4"), *Format::Parse("int5"));
}

TEST(Format, ParsesFromManyThreads) {
  std::vector<std::thread> threads;
  std::vector<int> bits(4);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int n = 2; n <= 12; ++n) bits[i] += Format::Parse(fmt::format("dybit{}", n))->bits();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bits, std::vector<int>(4, 77));
}

TEST(FormatErrors, UnknownNameOffersTheNearest) {
  const std::string all =
      fmt::format("(run 'bitwright formats' for all {})", ExampleFormats().size());
  EXPECT_EQ(MessageOf("e4m3nf"), "unknown format 'e4m3nf'; nearest is 'e4m3fn' " + all);
  EXPECT_EQ(MessageOf("itn4"), "unknown format 'itn4'; nearest is 'int4' " + all);
  EXPECT_EQ(MessageOf("fp17"), "unknown format 'fp17'; nearest is 'fp16' " + all);
  for (const std::string_view name : {"", "int", "int04", "int8x", "int-4", "uint99999", "e4m",
                                      "esb5", "esb5_", "esb5_2_", "dybit", "ue", "INT8"}) {
    EXPECT_EQ(MessageOf(name).find("unknown format '"), 0u) << name << ": " << MessageOf(name);
  }
}

TEST(FormatErrors, BadParameterNamesTheAllowedOnes) {
  EXPECT_EQ(MessageOf("int17"), "format 'int17': width is 17, allowed 2 to 16");
  EXPECT_EQ(MessageOf("int1"), "format 'int1': width is 1, allowed 2 to 16");
  EXPECT_EQ(MessageOf("uint0"), "format 'uint0': width is 0, allowed 1 to 16");
  EXPECT_EQ(MessageOf("fixed1"), "format 'fixed1': width is 1, allowed 2 to 16");
  EXPECT_EQ(MessageOf("exp9"), "format 'exp9': width is 9, allowed 2 to 8");
  EXPECT_EQ(MessageOf("uexp8"), "format 'uexp8': width is 8, allowed 1 to 7");
  EXPECT_EQ(MessageOf("dybit1"), "format 'dybit1': width is 1, allowed 2 to 16");
  EXPECT_EQ(MessageOf("esb1_0"), "format 'esb1_0': width is 1, allowed 2 to 16");
  EXPECT_EQ(MessageOf("esb4_3"),
            "format 'esb4_3': number of significant bits is 3, allowed 0 to 2");
  EXPECT_EQ(MessageOf("esb10_1"),
            "format 'esb10_1': number of significant bits is 1, allowed 2 to 8");
  EXPECT_EQ(MessageOf("e9m2"), "format 'e9m2': number of exponent bits is 9, allowed 1 to 8");
  EXPECT_EQ(MessageOf("e5m2fn"), "format 'e5m2fn': number of exponent bits is 5, allowed 1 to 4");
  EXPECT_EQ(MessageOf("e5m11"), "format 'e5m11': number of fraction bits is 11, allowed 1 to 10");
  EXPECT_EQ(MessageOf("e4m3"),
            "format 'e4m3': the name has several meanings, allowed is 'e4m3fn' (OCP FP8, max 448)");
}

std::vector<std::string> NamesOf(std::string_view list) {
  std::vector<std::string> names;
  const Expected<std::vector<Format>> formats = ParseFormatList(list);
  if (!formats) return {formats.error().message};
  for (const Format& format : *formats) names.push_back(format.name());
  return names;
}

using Names = std::vector<std::string>;

TEST(ParseFormatList, TakesNamesRangesAndGlobsWithoutRepeats) {
  EXPECT_EQ(NamesOf("int2..4,int3,e4m3fn"), (Names{"int2", "int3", "int4", "e4m3fn"}));
  EXPECT_EQ(NamesOf("esb5_0..9"), (Names{"esb5_0", "esb5_1", "esb5_2", "esb5_3"}));
  EXPECT_EQ(NamesOf("e4m3*"), (Names{"e4m3fn", "e4m3fnuz"}));
  EXPECT_EQ(NamesOf("dybit?").size(), 7u);
  EXPECT_EQ(NamesOf("*").size(), ExampleFormats().size());
  EXPECT_EQ(NamesOf("uint16..99"), (Names{"uint16"}));
  EXPECT_EQ(NamesOf("int4,<1,2,1,1>,e2m1"), (Names{"int4", "<1,2,1,1>", "e2m1"}));
}

TEST(ParseFormatList, RefusesItemsThatGiveNothing) {
  EXPECT_EQ(NamesOf(""), (Names{"format list is empty, at least one name is needed"}));
  EXPECT_EQ(NamesOf("int4,,int8"), (Names{"format list 'int4,,int8' has an empty item"}));
  EXPECT_EQ(
      NamesOf("int20..30"),
      (Names{"range 'int20..30' gives no format, allowed is a range of names as in 'int2..8'"}));
  EXPECT_EQ(NamesOf("int2..x"),
            (Names{"range 'int2..x' is malformed, allowed is <prefix><low>..<high> as in "
                   "'int2..8'"}));
  EXPECT_EQ(NamesOf("tapir*")[0].find("pattern 'tapir*' matches none of the "), 0u);
  EXPECT_EQ(NamesOf("int4,e4m3nf")[0].find("unknown format 'e4m3nf'"), 0u);
}

}  // namespace
}  // namespace bw
