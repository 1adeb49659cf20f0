#include "bitwright/tensor/round_table.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace bw {
namespace {

// Around every threshold, and the special values, as floats.
std::vector<float> Probes(const Format& format) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> probes = {
      0.0f, -0.0f, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e-40f, -1e-40f};
  for (const double threshold : format.thresholds()) {
    const auto x = static_cast<float>(threshold);
    for (const float near : {x, std::nextafter(x, kInfinity), std::nextafter(x, -kInfinity)}) {
      probes.push_back(near);
    }
  }
  return probes;
}

void ExpectRounds(const RoundTable& table, const Format& format) {
  const std::vector<float> probes = Probes(format);
  std::vector<float> rounded(probes.size());
  const float one = 1;
  RoundValues(table, probes, &one, 0, 0, rounded.data());
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const auto expected = static_cast<float>(format.Round(static_cast<double>(probes[i])));
    ASSERT_EQ(std::bit_cast<std::uint32_t>(rounded[i]), std::bit_cast<std::uint32_t>(expected))
        << format.name() << ' ' << probes[i] << ' ' << rounded[i];
  }
}

TEST(RoundTable, RoundsAsTheFormatForEveryExample) {
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    ExpectRounds(RoundTableOf(format), format);
  }
}

TEST(BucketTable, RoundsAsTheFormatForEveryExampleWithATable) {
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    if (format.bits() <= 10) ExpectRounds(BucketTable(format), format);
  }
}

TEST(RoundTable, IntegersAreUniformAndDyBitFollowsTheExponent) {
  const auto kind = [](std::string_view name) { return RoundTableOf(*Format::Parse(name)).kind; };
  EXPECT_EQ(kind("int8"), RoundTable::Kind::kUniform);
  EXPECT_EQ(kind("ufixed8"), RoundTable::Kind::kUniform);
  EXPECT_EQ(kind("e4m3fn"), RoundTable::Kind::kGrid);
  EXPECT_EQ(kind("esb5_2"), RoundTable::Kind::kGrid);
  EXPECT_EQ(kind("dybit8"), RoundTable::Kind::kExponents);
  EXPECT_EQ(kind("exp4"), RoundTable::Kind::kExponents);
}

}  // namespace
}  // namespace bw
