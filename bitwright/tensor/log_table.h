#pragma once
// Formats whose every octave looks like the next, with 2^f values in each: powers of 2^(2^-f), and
// floating point without subnormals.

#include <cstdint>

#include "bitwright/numerics/format.h"
#include "bitwright/tensor/zero_bound.h"

namespace bw {

// The bits of a ratio y = |x| / scale as a float grow by 2^23 with each octave, and the number of
// thresholds below it by 2^f. Five fraction bits select one of 32 slots, each with at most one
// threshold; adding an integer by slot to the bits moves that threshold to a multiple of 2^shift,
// shift = 23 - f, so that what stands above the low `shift` bits of the sum counts the thresholds.
// kUncertain more are added: where the low bits of the sum are below 2 kUncertain nothing is
// decided. The threshold between 0 and the least value is no part of this: x itself is compared
// with it.
struct LogTable {
  static constexpr int kSlots = 32, kSlotShift = 18;
  static constexpr int kMostFractionBits = 4;
  static constexpr std::uint32_t kUncertain = 4;  // y = x * (1 / scale) is off by less

  // Added to the bits of a float: the sum without its low `shift` bits is, in its exponent and the
  // f bits behind it, the exponent of the value and its place within the octave.
  alignas(64) std::uint32_t to_place[kSlots] = {};
  // The fraction of the value, by place.
  alignas(64) std::uint32_t fractions[1 << kMostFractionBits] = {};
  // The same, but that `least` stands at 0 and each value at one more than the one before: an
  // index.
  alignas(64) std::uint32_t to_index[kSlots] = {};
  // By sign and index.
  alignas(64) std::uint8_t codes[2][256] = {};
  int zero_index = 127;           // of 0; unsigned: 255
  int fraction_bits = 0;          // f
  int shift = 23;                 // 23 - f
  float least = 0, greatest = 0;  // the values next to 0 and furthest from it
  ZeroBound zero;
  bool usable = false;
  bool is_signed = false;
};

// Not usable for other formats.
LogTable MakeLogTable(const Format& format);

}  // namespace bw
