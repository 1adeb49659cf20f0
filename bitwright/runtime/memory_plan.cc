#include "bitwright/runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace bw {
namespace {

constexpr std::size_t kAlign = 64;

bool Overlaps(const BufferLife& a, const BufferLife& b) {
  return a.first <= b.last && b.first <= a.last;
}

std::size_t Padded(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

}  // namespace

MemoryPlan PlanMemory(std::span<const BufferLife> buffers) {
  std::vector<std::size_t> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });
  MemoryPlan plan{std::vector<std::size_t>(buffers.size()), 0};
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t id : by_size) {
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (!Overlaps(buffers[id], buffers[other])) continue;
      if (plan.offsets[other] >= offset + Padded(buffers[id].bytes)) break;
      offset = std::max(offset, plan.offsets[other] + Padded(buffers[other].bytes));
    }
    plan.offsets[id] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + Padded(buffers[id].bytes));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), id,
                                   [&](std::size_t a, std::size_t b) {
                                     return plan.offsets[a] < plan.offsets[b];
                                   }),
                  id);
  }
  return plan;
}

}  // namespace bw
