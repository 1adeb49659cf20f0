#pragma once
// Rounding in float where the answer is certain: how fast paths stay equal to the law.
//
// The law divides in double. Here the ratio is bracketed in float: low = x * (1/scale) * (1 -
// 2^-22) and high = x * (1/scale) * (1 + 2^-22) lie on either side of it by more than all roundings
// on the way (1/scale, its product with 1 +- 2^-22 and the product with x: each 2^-24 of itself).
// Rounding is monotone, so where low and high round to one value the law's ratio does too. A kernel
// compares the two, and gives the vectors that hold an element of which it is not certain (close to
// a threshold, NaN) to the slow path.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/numerics/format.h"
#include "bitwright/tensor/round_table.h"

namespace bw {

// Scales under which 1/scale, and the tables' multiples of it, 2^-24 to 2^39, are normal floats.
constexpr float kLeastFastScale = 0x1p-80f;
constexpr float kMostFastScale = 0x1p100f;

struct FloatRound {
  // kUniform: value = offset + multiple of one quantum, by adding and taking off a magic number.
  // kGrid: the quantum is proportional to 2^exponent(y).
  // kExponents, kManyExponents: the magic of each exponent of y, up to 32 or 64 of them, from a
  // table by the exponent's low six bits (the second half repeats the first for up to 32).
  // kCyclic: as kExponents, least_power included in the table: a y too small to have a slot of its
  // own rounds to 0 by whatever magic its slot has.
  // kNone: use RoundTable.
  enum class Kind : std::uint8_t { kNone, kUniform, kGrid, kExponents, kManyExponents, kCyclic };
  static constexpr std::size_t kExponentCount = 64;

  Kind kind = Kind::kNone;
  float low = 0, high = 0;  // the least and greatest value
  float offset = 0;         // kUniform
  // kUniform, where offset is half a quantum: AVX-512 takes the multiple below the ratio, or above
  // it where zero_goes_down, and half a quantum. The sign of a ratio is exact, so that nothing is
  // uncertain at 0.
  float half = 0;  // 0: not so
  bool zero_goes_down = false;
  float magic = 0;        // kUniform; kGrid: times 2^exponent(y), a power of two times 1.5
  float least_power = 0;  // but for kUniform: 2^exponent(y) is at least this
  bool holes = false;     // some magics are NaN: never certain
  alignas(64) float magics[kExponentCount] = {};
};

// How kernels find uniform values: multiples of the quantum; with any offset; half a quantum above
// the multiple below the ratio; half a quantum below the multiple above it.
enum class Shift : std::uint8_t { kNone, kAny, kUp, kDown };

// The bracket of 1/scale.
constexpr float kBelow = 1 - 0x1p-22f, kAbove = 1 + 0x1p-22f;

// With an offset there is a threshold at or near 0, where the bracket closes: magnitudes below this
// are not certain.
constexpr float kNearZero = 0x1p-10f;

// The float form of a format, of at most 8 bits, built at the first call and kept; thread-safe.
// Proved when built: at the values, on either side of every threshold and of every power of two it
// is right or not certain.
const FloatRound& FloatRoundOf(const Format& format);

}  // namespace bw
