#include "bitwright/base/in_order.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "bitwright/base/parallel.h"

namespace bw {
namespace {

TEST(InOrder, HandsOnAResultOnceAllEarlierOnesHaveCome) {
  std::vector<int> taken;
  InOrder<int> results([&](int&& result) { taken.push_back(result); });
  results.Add(2, 20);
  results.Add(1, 10);
  EXPECT_EQ(taken, std::vector<int>{});
  results.Add(0, 0);
  EXPECT_EQ(taken, (std::vector<int>{0, 10, 20}));
  results.Add(3, 30);
  EXPECT_EQ(taken, (std::vector<int>{0, 10, 20, 30}));
}

TEST(InOrder, TakesFromManyThreads) {
  std::vector<std::size_t> taken, wanted(1000);
  std::iota(wanted.begin(), wanted.end(), std::size_t{0});
  InOrder<std::size_t> results([&](std::size_t&& result) { taken.push_back(result); });
  ParallelFor(wanted.size(), 7, [&](std::size_t i, int) { results.Add(i, i); });
  EXPECT_EQ(taken, wanted);
}

}  // namespace
}  // namespace bw
