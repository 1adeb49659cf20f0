#pragma once
// Formats whose thresholds stand, from each power of two to the next, on an evenly spaced grid: the
// code by a float's sum with a magic number.

#include <cstdint>

#include "bitwright/numerics/format.h"
#include "bitwright/tensor/zero_bound.h"

namespace bw {

// A magnitude y = |x| * factor / scale is at least `floor`, which rounds to 0. The low word of
// y + magic(exponent of y) is an index, and steps at every threshold: each octave has the coarsest
// grid of 2^k steps that holds its thresholds, so that several indices may stand for one value. For
// values that are the same on both sides of 0, or none of which is negative.
//
// The exponent's low five bits tell the octaves apart, from that of `floor` on. What lies above
// them, and infinity, whose slot has no magic, is not certain: its sum is not that of a float a
// little greater. `factor` places the octaves so. Of more than 31, those from floor to least_power
// may share one magic (split); else the upper ones are left to the low six bits, `wide`.
struct IndexTable {
  static constexpr int kSlots = 32, kWideSlots = 64;
  static constexpr int kTableSize = 128;
  static constexpr int kMostTables = 3;
  // How the code of -v follows from that of v: by a table, as its complement, or with another top
  // bit where it is not 0.
  enum class Negation : std::uint8_t { kTable, kComplement, kSignBit };

  alignas(64) float magics[kSlots] = {};
  alignas(64) float wide[kWideSlots] = {};
  // By sign and index.
  alignas(64) std::uint8_t codes[2][kTableSize * kMostTables] = {};
  int tables = 1;    // indices are below kTableSize * tables; 1 to 2 signed, 2 to 3 unsigned
  float factor = 1;  // a power of two
  float floor = 0, least_power = 0;
  float least = 0, greatest = 0;  // the values next to 0 and furthest from it, by `factor`
  ZeroBound zero;
  bool usable = false;
  bool is_signed = false;
  bool split = false;
  bool has_wide = false;  // or else `magics` has them all
  // Whether what does not round to 0 has as value the sum less its magic, from `least` to
  // `greatest`.
  bool gives_values = false;
  Negation negation = Negation::kTable;
};

// Not usable where a grid has more than 2^7 steps, or a format more indices or octaves than fit.
IndexTable MakeIndices(const Format& format);

}  // namespace bw
