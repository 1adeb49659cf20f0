#pragma once
// For formats whose thresholds lie too close to each other, or are too many, for tables in
// registers: buckets in memory.

#include <cstdint>
#include <vector>

#include "bitwright/numerics/format.h"

namespace bw {

// The leading bits of |y|, y = x * factor / scale as a float, select a bucket, negative y from the
// middle on. A bucket with one threshold tells what lies below from what lies above it; within
// kUncertain units of the threshold, and in buckets with several, nothing is decided. |factor|
// moves the thresholds away from the edges, so that a float off by a few units is in the right
// bucket.
struct GatherTable {
  static constexpr int kUncertain = 4;
  static constexpr std::uint32_t kNone = 0x7fff'ffff, kSeveral = 0x8000'0000;

  bool usable = false;
  float factor = 1;
  int shift = 0;  // low bits of a float that a bucket leaves open
  std::int32_t first_key = 0, last_key = 0;
  std::int32_t per_side = 0;  // slots of a side: its buckets and one more
  // By slot: the bits of the threshold as a float less kUncertain, kNone or kSeveral.
  std::vector<std::uint32_t> thresholds;
  // By slot: value and code where the bucket begins. Those of the next slot hold where it ends.
  std::vector<float> values;
  std::vector<std::uint32_t> codes;
};

// Not usable where a threshold is 0 or beyond 2^-100..2^100, or buckets with several thresholds
// are many.
GatherTable MakeGatherTable(const Format& format);

}  // namespace bw
