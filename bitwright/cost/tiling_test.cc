#include "bitwright/cost/tiling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

constexpr Strides kOnes = {1, 1};
constexpr Tile kLayer = {64, 56, 56, 64, 3, 3};  // f, x, y, c, w, h

// Vectors computed from the authors' expressions: algorithm notes of BitQ, 32 bits everywhere.
TEST(MovedElements, OfTheSharedCacheAreTheAuthors) {
  const Tile tile = {48, 56, 56, 64, 3, 3};
  const LoopOrder order = {Loop::kH, Loop::kC, Loop::kW, Loop::kF, Loop::kX, Loop::kY};
  const double input = 32 * MovedElements(Moved::kInput, tile, kLayer, order, kOnes);
  const double kernel = 32 * MovedElements(Moved::kKernel, tile, kLayer, order, kOnes);
  const double output = 2 * 32 * MovedElements(Moved::kOutput, tile, kLayer, order, kOnes);
  EXPECT_NEAR(input, 9505450.667, 1e-3);
  EXPECT_EQ(kernel, 1179648);
  EXPECT_EQ(output, 12845056);
  EXPECT_NEAR((input + kernel + output) / 16, 1470634.667, 1e-3);
}

TEST(MovedElements, OfTheSecondCacheAreTheAuthors) {
  const Tile tile = {16, 4, 56, 32, 3, 3}, outer = {48, 56, 56, 64, 3, 3};
  const LoopOrder order = {Loop::kY, Loop::kX, Loop::kF, Loop::kC, Loop::kW, Loop::kH};
  const double input = 32 * MovedElements(Moved::kInput, tile, outer, order, kOnes);
  const double kernel = 32 * MovedElements(Moved::kKernel, tile, outer, order, kOnes);
  const double output = 2 * 32 * MovedElements(Moved::kOutput, tile, outer, order, kOnes);
  EXPECT_EQ(input, 35524608);
  EXPECT_EQ(kernel, 884736);
  EXPECT_EQ(output, 19267584);
  const double all = (input + kernel + output) * 64 / 48 / 8;
  EXPECT_EQ(all, 9279488);
  EXPECT_NEAR(all / 28, 331410.286, 1e-3);
}

TEST(MovedElements, AHaloIsLoadedOnceAlongTheInnermostLoop) {
  const Tile tile = {1, 1, 4, 1, 3, 3}, outer = {1, 1, 16, 1, 3, 3};
  const LoopOrder order = {Loop::kY, Loop::kX, Loop::kF, Loop::kC, Loop::kW, Loop::kH};
  EXPECT_EQ(MovedElements(Moved::kInput, tile, outer, order, kOnes), 4 * 19);
  const LoopOrder other = {Loop::kC, Loop::kY, Loop::kX, Loop::kF, Loop::kW, Loop::kH};
  EXPECT_EQ(MovedElements(Moved::kInput, tile, outer, other, kOnes), 4 * 4 * 7);
}

MemoryHierarchy SmallMemory() {
  return {{12288, 49152, 393216}, {65, 57, 28, 16}, {5, 5, 5, 640}, 4};
}

struct Costs {
  double dearest, energy;
};

Costs CostsOf(const Movement& m, const MemoryHierarchy& memory) {
  Costs costs = {0, 0};
  for (std::size_t s = 0; s < kMovements; ++s) {
    const double cores = s < 3 ? static_cast<double>(memory.cores) : 1;
    costs.dearest = std::max(costs.dearest, m.bits[s] / cores / memory.bandwidth[s]);
    costs.energy += m.bits[s] * memory.pj_per_bit[s];
  }
  return costs;
}

double Size(const Tile& tile, const ElementBits& bits) {
  double size = 0;
  for (std::size_t t = 0; t < 3; ++t)
    size += bits[t] * Footprint(static_cast<Moved>(t), tile, kOnes);
  return size;
}

// Registers to the first cache: the micro-kernel of 16 filters and 6 columns in its fixed order.
double FirstMoved(const Tile& tile, const Tile& whole, const ElementBits& bits) {
  const LoopOrder order = {Loop::kH, Loop::kC, Loop::kW, Loop::kF, Loop::kX, Loop::kY};
  const Tile micro = {
      std::min<std::int64_t>(16, tile[0]), 1, std::min<std::int64_t>(6, tile[2]), 1, 1, 1};
  double moved = 0, times = 1;
  for (std::size_t i = 0; i < kLoops; ++i)
    times *= static_cast<double>(whole[i]) / static_cast<double>(tile[i]);
  for (std::size_t t = 0; t < 3; ++t) {
    moved += bits[t] * (t == 2 ? 2 : 1) *
             MovedElements(static_cast<Moved>(t), micro, tile, order, kOnes);
  }
  return moved * times;
}

// The bits of one step in the order that is best for these bits: every order tried.
double LeastMoved(const Tile& tile, const Tile& outer, const Tile& whole, const ElementBits& bits) {
  LoopOrder order = {Loop::kF, Loop::kX, Loop::kY, Loop::kC, Loop::kW, Loop::kH};
  double least = 1e300, times = 1;
  for (std::size_t i = 0; i < kLoops; ++i)
    times *= static_cast<double>(whole[i]) / static_cast<double>(outer[i]);
  do {
    double moved = 0;
    for (std::size_t t = 0; t < 3; ++t) {
      moved += bits[t] * (t == 2 ? 2 : 1) *
               MovedElements(static_cast<Moved>(t), tile, outer, order, kOnes);
    }
    least = std::min(least, moved * times);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Tilings, AreNestedFitAndMoveWhatTheySay) {
  const MemoryHierarchy memory = SmallMemory();
  const Tile whole = {32, 16, 16, 32, 3, 3};
  const Tilings tilings({1, 32, 32, 16, 16, 3, 3, 1, 1}, memory);
  for (const ElementBits bits : {ElementBits{8, 8, 8}, {4, 2, 4}, {32, 32, 32}, {3, 5, 8}}) {
    const Movement m = tilings.Best(bits);
    ASSERT_TRUE(m.fits);
    for (std::size_t i = 0; i + 1 < m.tiles.size(); ++i) {
      for (std::size_t l = 0; l < kLoops; ++l) EXPECT_LE(m.tiles[i][l], m.tiles[i + 1][l]);
    }
    EXPECT_LE(Size(m.tiles[0], bits), memory.capacity_bits[0]);
    EXPECT_LE(Size(m.tiles[1], bits), memory.capacity_bits[1]);
    EXPECT_LE(Size(m.tiles[3], bits), memory.capacity_bits[2]);
    EXPECT_NEAR(m.bits[0], FirstMoved(m.tiles[0], whole, bits), 1e-6 * m.bits[0]);
    EXPECT_NEAR(m.bits[1], LeastMoved(m.tiles[0], m.tiles[1], whole, bits), 1e-6 * m.bits[1]);
    EXPECT_NEAR(m.bits[2], LeastMoved(m.tiles[1], m.tiles[2], whole, bits), 1e-6 * m.bits[2]);
    EXPECT_NEAR(m.bits[3], LeastMoved(m.tiles[3], whole, whole, bits), 1e-6 * m.bits[3]);
  }
}

// Chains of tiles drawn at random from all extents, not only halves.
TEST(Tilings, AreNotBeatenByRandomOnes) {
  MemoryHierarchy memory = SmallMemory();
  memory.cores = 1;
  const Tile whole = {32, 16, 16, 32, 3, 3};
  const ElementBits bits = {8, 4, 8};
  const Costs best = CostsOf(Tilings({1, 32, 32, 16, 16, 3, 3, 1, 1}, memory).Best(bits), memory);
  Rng rng(7);
  const auto draw = [&](const Tile& outer) {
    Tile tile = outer;
    for (std::size_t l = 0; l < 4; ++l)
      tile[l] = 1 + static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(outer[l])));
    return tile;
  };
  double least = 1e300;
  for (int trial = 0; trial < 3000; ++trial) {
    const Tile t4 = draw(whole), t3 = draw(t4), t2 = draw(t3), t1 = draw(t2);
    if (Size(t1, bits) > memory.capacity_bits[0] || Size(t2, bits) > memory.capacity_bits[1] ||
        Size(t4, bits) > memory.capacity_bits[2])
      continue;
    Movement m;
    m.bits[0] = FirstMoved(t1, whole, bits);
    m.bits[1] = LeastMoved(t1, t2, whole, bits);
    m.bits[2] = LeastMoved(t2, t3, whole, bits);
    m.bits[3] = LeastMoved(t4, whole, whole, bits);
    least = std::min(least, CostsOf(m, memory).dearest);
  }
  EXPECT_LE(best.dearest, least * 1.001);
}

TEST(Tilings, FewerBitsNeverMoveMore) {
  const MemoryHierarchy memory = SmallMemory();
  for (const Extents& e :
       {Extents{1, 32, 16, 14, 14, 3, 3, 1, 1}, Extents{1, 10, 64, 1, 1, 1, 1, 1, 1},
        Extents{16, 1, 1, 20, 5, 3, 3, 2, 2}}) {
    const Tilings tilings(e, memory);
    double before = 0;
    for (const double width : {2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0}) {
      const Costs costs = CostsOf(tilings.Best({width, width, width}), memory);
      EXPECT_GE(costs.dearest, before);
      before = costs.dearest;
    }
  }
}

TEST(Tilings, WhatFitsNowhereIsSaid) {
  MemoryHierarchy memory = SmallMemory();
  memory.capacity_bits = {8, 8, 8};
  const Movement m = Tilings({1, 32, 16, 14, 14, 3, 3, 1, 1}, memory).Best({8, 8, 8});
  EXPECT_FALSE(m.fits);
  for (const double bits : m.bits) EXPECT_TRUE(std::isfinite(bits) && bits > 0);
}

}  // namespace
}  // namespace bw
