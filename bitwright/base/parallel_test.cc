#include "bitwright/base/parallel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace bw {
namespace {

RC_GTEST_PROP(ParallelFor, DoesEachPieceOnce, ()) {
  const auto pieces = *rc::gen::inRange<std::size_t>(0, 200);
  const int threads = *rc::gen::inRange(0, 9);
  std::vector<std::atomic<int>> done(pieces);
  std::atomic<bool> worker_in_range = true;
  const int most = threads > 0 ? threads : DefaultThreads();
  ParallelFor(pieces, threads, [&](std::size_t piece, int worker) {
    ++done[piece];
    if (worker < 0 || worker >= most) worker_in_range = false;
  });
  for (const std::atomic<int>& count : done) RC_ASSERT(count == 1);
  RC_ASSERT(worker_in_range);
}

TEST(ParallelFor, OneThreadRunsInOrderOnTheCaller) {
  std::vector<std::size_t> order;
  bool same_thread = true;
  const std::thread::id caller = std::this_thread::get_id();
  ParallelFor(5, 1, [&](std::size_t piece, int worker) {
    order.push_back(piece);
    same_thread = same_thread && worker == 0 && std::this_thread::get_id() == caller;
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(same_thread);
}

TEST(ParallelFor, AWorkerNumberBelongsToOneThreadAtATime) {
  std::mutex mutex;
  std::set<int> busy;
  bool clash = false;
  ParallelFor(500, 4, [&](std::size_t, int worker) {
    {
      const std::scoped_lock lock(mutex);
      clash = clash || !busy.insert(worker).second;
    }
    const std::scoped_lock lock(mutex);
    busy.erase(worker);
  });
  EXPECT_FALSE(clash);
}

TEST(DefaultThreads, IsAtLeastOne) { EXPECT_GE(DefaultThreads(), 1); }

}  // namespace
}  // namespace bw
