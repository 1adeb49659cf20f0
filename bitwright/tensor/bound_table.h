#pragma once
// Formats of few values: the bound between two neighbours by the bucket that a ratio falls into.

#include <cstdint>

#include "bitwright/numerics/format.h"

namespace bw {

// y = x * factor / scale, as a float, falls into one of 31 buckets with at most one bound each; x
// itself is compared with the bound, moved to the scale of x, where the comparison is exact.
struct BoundTable {
  // y is brought into [least, most]: into the first or the last bucket.
  // kSpaced: buckets of width 1, by y rounded to an integer.
  // kMagnitudes: by the leading bits of |y| + least, at most `most`, for values that are the same
  // on both sides of 0. kUnsigned: by the leading bits of y. kNone: no such buckets for this
  // format.
  enum class Kind : std::uint8_t { kNone, kSpaced, kMagnitudes, kUnsigned };
  static constexpr int kSlots = 32;
  static constexpr int kBounds = 16;

  Kind kind = Kind::kNone;
  float factor = 1;
  float least = 0, most = 0;
  int shift = 0;  // low bits of a float that a bucket leaves open
  // By bound: the least ratio that rounds up, half of the step from the double below, and what lies
  // to both sides by more than all roundings. The last is infinity.
  alignas(64) double first[kBounds] = {};
  alignas(64) double half[kBounds] = {};
  alignas(64) double below[kBounds] = {}, above[kBounds] = {};
  // By slot, the low five bits of a bucket's number: its bound.
  alignas(64) std::int32_t bound[kSlots] = {};
  // Where the bucket begins; that of the next slot holds above the bound. The slot behind the last
  // bucket is for NaN.
  alignas(64) float values[kSlots] = {};
  // The codes: by slot, twice; kMagnitudes: by 2 * slot, and one more for negative values.
  alignas(64) std::uint8_t codes[2 * kSlots] = {};
};

BoundTable MakeBounds(const Format& format);

}  // namespace bw
