#pragma once
// Loops of the kernels that work on the integers of a grid; equal bits on every instruction set.

#include <cstdint>
#include <optional>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {

// y[i] = float(float(sums[i]) * multiplier[i]) + bias[i]; Sum is std::int32_t or float.
template <typename Sum>
void Affine(const Sum* sums, const float* multiplier, const float* bias, float* y,
            std::size_t count);

// x[i] = min(max(x[i], low), high).
void ClipTo(float* x, float low, float high, std::size_t count);

// Values on the grid, to its integers and back. `out` and `from` are of the grid's dtype.
void ValuesToIntegers(const float* values, const IntegerGrid& grid, void* out, std::size_t count);
void IntegersToValues(const void* from, const IntegerGrid& grid, float* values, std::size_t count);

// A grid of bytes whose rounding is a few instructions, by the ratio of a value to the grid's step:
// one that holds every integer from its least to its greatest, or one that is evenly spaced between
// powers of two, by powers of two, and the same on both sides of zero.
struct ByteGrid {
  static constexpr std::size_t kOctaves = 16;

  IntegerGrid law;
  float inverse = 1;        // 1 / step
  float low = 0, high = 0;  // integers
  std::int32_t offset = 0;  // of what is stored, on top of them
  // How many spacings from a value a ratio surely has it nearest.
  float near = 0;
  bool even = true;  // every integer: there are no octaves
  // By the lowest four bits of the exponent of the ratio's magnitude, from 1/2 on: of the spacing.
  float inverse_spacing[kOctaves] = {};
  std::int32_t shift[kOctaves] = {};
};
std::optional<ByteGrid> FindByteGrid(const IntegerGrid& grid);

// Whether this machine has vectors that hold the grid.
bool RoundsInVectors(const ByteGrid& grid);

// Bytes of min(max(Affine, low), high) on the grid. False, and nothing done, for less than kLanes
// and where the grid does not round in vectors.
bool AffineToBytes(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count);
bool AffineToBytes(const float* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count);

// Bytes of min(max(y, low), high) by the law, for those that lie so near a tie that only a division
// in double tells, and what stands beside them.
void SettleBytes(const float* y, float low, float high, const ByteGrid& grid, std::uint8_t* out,
                 std::size_t count);

// x[3][columns] -> y[columns][3].
void Interleave(const std::uint8_t* x, std::uint8_t* y, std::size_t columns);

// x[rows][columns] -> y[columns][rows] for elements of T.
template <typename T>
void TransposeTo(const T* x, T* y, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kTile = 16;
  if (sizeof(T) == 1 && rows == 3) {
    return Interleave(reinterpret_cast<const std::uint8_t*>(x), reinterpret_cast<std::uint8_t*>(y),
                      columns);
  }
  for (std::size_t r0 = 0; r0 < rows; r0 += kTile) {
    const std::size_t r1 = r0 + kTile < rows ? r0 + kTile : rows;
    for (std::size_t c0 = 0; c0 < columns; c0 += kTile) {
      const std::size_t c1 = c0 + kTile < columns ? c0 + kTile : columns;
      for (std::size_t c = c0; c < c1; ++c) {
        for (std::size_t r = r0; r < r1; ++r) y[c * rows + r] = x[r * columns + c];
      }
    }
  }
}

// Rounds floats in place to the grid's values: FakeQuantize of one scale.
class GridRounder {
 public:
  explicit GridRounder(const IntegerGrid& grid);
  void Round(std::span<float> values) const;
  const IntegerGrid& grid() const { return grid_; }

 private:
  IntegerGrid grid_;
  QuantParams params_;
};

}  // namespace bw::kernels
