#include "bitwright/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace bw {
namespace {

// The published first outputs of SplitMix64 from state 1234567 (Vigna's splitmix64.c, as listed by
// Rosetta Code): this seed makes (seed + constant) * multiplier that state.
TEST(RandomBits, IsSplitMix64OfTheMixedSeed) {
  constexpr std::uint64_t kSeed = 9389794875479242386ULL;
  constexpr std::array<std::uint64_t, 5> kPublished = {
      6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
      4593380528125082431ULL, 16408922859458223821ULL};
  for (std::size_t i = 0; i < kPublished.size(); ++i) {
    EXPECT_EQ(RandomBits(kSeed, i + 1), kPublished[i]) << i;
  }
}

TEST(Rng, IsTheSequenceOfItsSeed) {
  Rng rng(7);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(rng.Bits(), RandomBits(7, i));
  EXPECT_NE(RandomBits(7, 0), RandomBits(8, 0));
}

TEST(Rng, UniformFillsItsRangeEvenly) {
  Rng rng(1);
  std::array<int, 10> counts = {};
  for (int i = 0; i < 100000; ++i) {
    const double u = rng.Uniform(2, 3);
    ASSERT_GE(u, 2);
    ASSERT_LT(u, 3);
    ++counts[static_cast<std::size_t>((u - 2) * 10)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // five standard deviations
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(2);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = rng.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.016);
  EXPECT_NEAR(squares / kDraws, 1, 0.023);
}

TEST(Rng, ShufflePermutesAndDependsOnTheSeedAlone) {
  std::vector<int> sorted(50);
  std::iota(sorted.begin(), sorted.end(), 0);
  const auto shuffled = [&](std::uint64_t seed) {
    std::vector<int> items = sorted;
    Rng(seed).Shuffle(items);
    return items;
  };
  std::vector<int> back = shuffled(3);
  EXPECT_NE(back, sorted);
  EXPECT_EQ(shuffled(3), back);
  EXPECT_NE(shuffled(4), back);
  std::sort(back.begin(), back.end());
  EXPECT_EQ(back, sorted);
}

TEST(Rng, BelowReachesEveryNumberAndNoOther) {
  Rng rng(5);
  std::array<int, 6> counts = {};
  for (int i = 0; i < 6000; ++i) ++counts.at(static_cast<std::size_t>(rng.Below(6)));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace bw
