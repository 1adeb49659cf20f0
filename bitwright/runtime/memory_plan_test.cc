#include "bitwright/runtime/memory_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bw {
namespace {

TEST(PlanMemory, ReusesTheSpaceOfDeadBuffers) {
  const std::vector<BufferLife> chain = {{128, 0, 1}, {128, 1, 2}, {128, 2, 3}, {128, 3, 4}};
  const MemoryPlan plan = PlanMemory(chain);
  EXPECT_EQ(plan.arena_bytes, 256u);
}

RC_GTEST_PROP(PlanMemory, LiveBuffersNeverShareABytes, ()) {
  std::vector<BufferLife> buffers(*rc::gen::inRange<std::size_t>(0, 40));
  for (BufferLife& buffer : buffers) {
    buffer.bytes = *rc::gen::inRange<std::size_t>(0, 1000);
    buffer.first = *rc::gen::inRange(0, 20);
    buffer.last = buffer.first + *rc::gen::inRange(0, 8);
  }
  const MemoryPlan plan = PlanMemory(buffers);
  for (std::size_t a = 0; a < buffers.size(); ++a) {
    RC_ASSERT(plan.offsets[a] % 64 == 0);
    RC_ASSERT(plan.offsets[a] + buffers[a].bytes <= plan.arena_bytes);
    for (std::size_t b = 0; b < a; ++b) {
      if (buffers[a].first > buffers[b].last || buffers[b].first > buffers[a].last) continue;
      RC_ASSERT(plan.offsets[a] + buffers[a].bytes <= plan.offsets[b] ||
                plan.offsets[b] + buffers[b].bytes <= plan.offsets[a]);
    }
  }
}

}  // namespace
}  // namespace bw
