#include "bitwright/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace bw {

int DefaultThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ParallelFor(std::size_t pieces, int threads,
                 const std::function<void(std::size_t, int)>& body) {
  const int wanted = threads > 0 ? threads : DefaultThreads();
  const int workers =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(wanted), pieces));
  std::atomic<std::size_t> next = 0;
  const auto work = [&](int worker) {
    for (std::size_t piece = next++; piece < pieces; piece = next++) body(piece, worker);
  };
  std::vector<std::thread> others;
  for (int worker = 1; worker < workers; ++worker) others.emplace_back(work, worker);
  if (workers > 0) work(0);
  for (std::thread& other : others) other.join();
}

}  // namespace bw
