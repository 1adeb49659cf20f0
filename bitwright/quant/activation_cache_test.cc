#include "bitwright/quant/activation_cache.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

Tensor Numbers(float first) { return Tensor::From<float>({4}, std::vector<float>(4, first)); }

ValueKey Key(std::uint64_t n) { return {0, n}; }

float First(const std::byte* elements) {
  return elements == nullptr ? -1 : *reinterpret_cast<const float*>(elements);
}

TEST(ActivationCache, FindsWhatWasInserted) {
  ActivationCache cache(64);
  cache.Insert(Key(1), Numbers(10));
  cache.Insert(Key(2), Numbers(20));
  EXPECT_EQ(First(cache.Find(Key(1))), 10);
  EXPECT_EQ(First(cache.Find(Key(2))), 20);
  EXPECT_EQ(cache.Find(Key(3)), nullptr);
  EXPECT_EQ(cache.Find({1, 1}), nullptr);
  EXPECT_EQ(cache.bytes(), 32U);
}

TEST(ActivationCache, TheLeastRecentlyUsedMakesRoom) {
  ActivationCache cache(48);
  for (std::uint64_t n = 0; n < 3; ++n) cache.Insert(Key(n), Numbers(static_cast<float>(n)));
  EXPECT_EQ(First(cache.Find(Key(0))), 0);
  cache.Insert(Key(3), Numbers(3));
  EXPECT_EQ(cache.Find(Key(1)), nullptr);
  EXPECT_EQ(First(cache.Find(Key(0))), 0);
  EXPECT_EQ(First(cache.Find(Key(2))), 2);
  EXPECT_EQ(First(cache.Find(Key(3))), 3);
}

TEST(ActivationCache, NeverHoldsMoreThanItsLimit) {
  ActivationCache cache(40);
  cache.Insert(Key(9), Tensor(DType::kFloat32, {11}));
  EXPECT_EQ(cache.Find(Key(9)), nullptr);
  for (std::uint64_t n = 0; n < 9; ++n) {
    cache.Insert(Key(n), Numbers(0));
    EXPECT_LE(cache.bytes(), 40U);
  }
  EXPECT_EQ(cache.bytes(), 32U);
}

TEST(ActivationCache, TakesOverWhatAnotherHolds) {
  ActivationCache cache(48), other(48);
  cache.Insert(Key(1), Numbers(1));
  for (std::uint64_t n = 2; n < 5; ++n) other.Insert(Key(n), Numbers(static_cast<float>(n)));
  cache.Take(other);
  EXPECT_EQ(cache.Find(Key(1)), nullptr);
  for (std::uint64_t n = 2; n < 5; ++n) EXPECT_EQ(First(cache.Find(Key(n))), n);
  EXPECT_EQ(cache.bytes(), 48U);
  EXPECT_EQ(other.bytes(), 0U);
  EXPECT_EQ(other.Find(Key(2)), nullptr);
}

TEST(ActivationCache, InsertingAgainKeepsTheFirst) {
  ActivationCache cache(64);
  cache.Insert(Key(1), Numbers(10));
  cache.Insert(Key(1), Numbers(10));
  EXPECT_EQ(cache.bytes(), 16U);
}

}  // namespace
}  // namespace bw
