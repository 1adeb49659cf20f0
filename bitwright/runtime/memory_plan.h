#pragma once
// Where each short-lived buffer lies in one arena.

#include <cstddef>
#include <span>
#include <vector>

namespace bw {

// A buffer of `bytes` that is written at step `first` and last read at step `last` (first <= last).
struct BufferLife {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // by buffer, multiples of 64
  std::size_t arena_bytes = 0;
};

// Gives buffers whose lives overlap disjoint places: largest first, each at the lowest offset that
// is free for its whole life (the greedy-by-size rule of Pisarchyk and Lee, "Efficient Memory
// Management for Deep Neural Net Inference", 2020).
MemoryPlan PlanMemory(std::span<const BufferLife> buffers);

}  // namespace bw
