// Hostile names and every kind of float: nothing crashes, and what is accepted obeys the law.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

constexpr std::string_view kAlphabet = "uintfxedposblyaEm0123456789_<>,[];.-+* ";

std::vector<std::string> Seeds() {
  std::vector<std::string> names = ExampleFormats();
  names.insert(names.end(), {"lut2[-1;0;0.5]", "lut3[1e-30;1;2e+30]", "s2fp8[7.5;-7.5]",
                             "<0,3,2,-4>", "int2..8", "dybit*", "e4m3fn,int4"});
  return names;
}

// One to three edits: a character removed, replaced or put in, or the tail of another name.
std::string Mutate(std::string name, const std::vector<std::string>& seeds, Rng& rng) {
  for (std::uint64_t edits = 1 + rng.Below(3); edits > 0; --edits) {
    const std::size_t at = rng.Below(name.size() + 1);
    const char c = kAlphabet[rng.Below(kAlphabet.size())];
    switch (rng.Below(4)) {
      case 0:
        name.insert(at, 1, c);
        break;
      case 1:
        if (at < name.size()) name[at] = c;
        break;
      case 2:
        if (at < name.size()) name.erase(at, 1);
        break;
      default: {
        const std::string& other = seeds[rng.Below(seeds.size())];
        name = name.substr(0, at) + other.substr(rng.Below(other.size() + 1));
      }
    }
  }
  return name;
}

// An error that says something, or a format whose name is its canonical spelling.
void ExpectParsesOrRefuses(const std::string& name) {
  const Expected<Format> format = Format::Parse(name);
  if (!format) {
    EXPECT_NE(format.error().message.find("format '"), std::string::npos) << name;
    return;
  }
  const int bits = format->bits();
  EXPECT_TRUE((bits >= 1 && bits <= 16) || bits == 32) << name;
  const Expected<Format> again = Format::Parse(format->name());
  ASSERT_TRUE(again.has_value()) << name << " became " << format->name();
  EXPECT_EQ(*again, *format) << name;
  EXPECT_EQ(again->name(), format->name()) << name;
}

TEST(FormatFuzz, MutatedNamesParseToTheirCanonicalNameOrAreRefused) {
  const std::vector<std::string> seeds = Seeds();
  Rng rng(41);
  for (int i = 0; i < 6000; ++i) {
    ExpectParsesOrRefuses(Mutate(seeds[rng.Below(seeds.size())], seeds, rng));
  }
}

RC_GTEST_PROP(FormatFuzz, AnyTextParsesToItsCanonicalNameOrIsRefused, (const std::string& text)) {
  ExpectParsesOrRefuses(text);
}

TEST(FormatFuzz, MutatedListsGiveFormatsOrARefusal) {
  const std::vector<std::string> seeds = Seeds();
  Rng rng(43);
  for (int i = 0; i < 1500; ++i) {
    const std::string list =
        Mutate(seeds[rng.Below(seeds.size())], seeds, rng) + "," + seeds[rng.Below(seeds.size())];
    const Expected<std::vector<Format>> formats = ParseFormatList(list);
    if (formats) {
      EXPECT_FALSE(formats->empty()) << list;
    } else {
      EXPECT_FALSE(formats.error().message.empty()) << list;
    }
  }
}

TEST(ParseFormatList, TakesBackTheNamesOfAnyFormats) {
  const std::vector<std::string> seeds = Seeds();
  Rng rng(47);
  for (int i = 0; i < 300; ++i) {
    std::string list;
    std::vector<Format> expected;
    for (std::uint64_t n = 1 + rng.Below(5); n > 0; --n) {
      const Expected<Format> format = Format::Parse(seeds[rng.Below(seeds.size())]);
      if (!format || std::count(expected.begin(), expected.end(), *format) > 0) continue;
      list += (list.empty() ? "" : ",") + format->name();
      expected.push_back(*format);
    }
    if (expected.empty()) continue;
    EXPECT_TRUE(ParseFormatList(list).value() == expected) << list;
  }
}

// Every exponent, both signs, fractions at the ends and in the middle: zeros, subnormals,
// infinities and NaNs too.
std::vector<float> FloatsOfInterest() {
  std::vector<float> floats;
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (const std::uint32_t fraction :
         {0u, 1u, 0x2aaaaau, 0x3fffffu, 0x400000u, 0x400001u, 0x7ffffeu, 0x7fffffu}) {
      const std::uint32_t bits = exponent << 23 | fraction;
      floats.push_back(std::bit_cast<float>(bits));
      floats.push_back(std::bit_cast<float>(bits | 0x80000000u));
    }
  }
  return floats;
}

// The nearest value by comparing 2x with the sum of the neighbours, which is exact for neighbours
// whose exponents are close; ties by the codes' parities, then by magnitude.
double NearestOf(const Format& format, double x) {
  const auto values = format.values();
  const auto above = std::lower_bound(values.begin(), values.end(), x);
  if (above == values.end()) return values.back();
  if (above == values.begin() || *above == x) return *above;
  const double low = *(above - 1), high = *above, sum = low + high;
  if (2 * x != sum) return 2 * x < sum ? low : high;
  const std::size_t i = static_cast<std::size_t>(above - values.begin());
  const bool low_even = format.codes()[i - 1] % 2 == 0, high_even = format.codes()[i] % 2 == 0;
  if (low_even != high_even) return low_even ? low : high;
  return std::fabs(high) < std::fabs(low) ? high : low;
}

void ExpectTheLaw(const Format& format, float x) {
  const double wide = static_cast<double>(x);
  const Code code = format.Encode(wide);
  ASSERT_TRUE(format.bits() == 32 || code < Code{1} << format.bits()) << format.name() << ' ' << x;
  const double value = format.Decode(code);
  ASSERT_TRUE(std::isfinite(value)) << format.name() << ' ' << x;
  if (format.values().empty()) {
    const float limit = std::numeric_limits<float>::max();
    const float expected = std::isnan(x) ? 0 : std::clamp(x, -limit, limit);
    ASSERT_EQ(value, static_cast<double>(expected)) << format.name() << ' ' << x;
    return;
  }
  ASSERT_EQ(value, NearestOf(format, std::isnan(x) ? 0 : wide)) << format.name() << ' ' << x;
  ASSERT_EQ(format.Encode(value), code) << format.name() << ' ' << x;
}

TEST(FormatFuzz, EveryFloatOfInterestEncodesByTheLawInEveryExample) {
  std::vector<std::string> names = ExampleFormats();
  names.insert(names.end(), {"lut2[-1.25;0;0.1;3]", "lut3[0.001;1;2;4;8.5]", "s2fp8[7.5;-7.5]",
                             "s2fp8[0.06;1]"});
  const std::vector<float> floats = FloatsOfInterest();
  for (const std::string& name : names) {
    const Format format = *Format::Parse(name);
    for (const float x : floats) ExpectTheLaw(format, x);
  }
}

// Where the midpoint needs more bits than a double has, the double beside it has one nearest value.
TEST(Format, MidpointsBetweenDoublesGoToTheNearerValue) {
  const Format above = *Format::Parse("lut1[1e-30;1]");  // the midpoint is just above 0.5
  EXPECT_EQ(above.Encode(0.5), 0u);
  EXPECT_EQ(above.Encode(std::nextafter(0.5, 1)), 1u);
  const Format below = *Format::Parse("lut1[-1e-30;1]");  // just below 0.5
  EXPECT_EQ(below.Encode(0.5), 1u);
  EXPECT_EQ(below.Encode(std::nextafter(0.5, 0)), 0u);
  const Format wide = *Format::Parse("lut1[-3e+38;3e+38]");
  EXPECT_EQ(wide.Encode(-1e-300), 0u);
  EXPECT_EQ(wide.Encode(1e-300), 1u);
}

}  // namespace
}  // namespace bw
