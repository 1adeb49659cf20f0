#pragma once
// The inner loops of the depthwise kernels: runs of pixels that see the same part of the filters.

#include <cstddef>
#include <cstdint>

#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {

// The part of a filter that lies inside the input.
struct Taps {
  std::size_t rows = 0, columns = 0;
  std::size_t row_step = 0, column_step = 0;  // elements of the input from tap to tap
  const float* weights = nullptr;             // of the first
  std::size_t weight_row_step = 0, weight_column_step = 0;
  std::size_t lanes = 0;  // of a weight: channels, at least kLanes
  // Where a row is three bytes: with a 0 behind, [rows][lanes][4], and their sums, [rows][lanes].
  const std::int8_t* quads = nullptr;
  const std::int32_t* quad_sums = nullptr;
};

// Output pixels, `step` elements of input and output apart.
template <typename X>
struct Pixels {
  const X* x;
  float offset;  // taken off each element
  std::size_t x_step, y_step;
  std::size_t count;
};

// Where sums end: y = min(max(bias + sum + addend, low), high).
struct Finish {
  const float* bias;    // of a pixel, lanes
  const float* addend;  // or null
  float* y;
  float low, high;

  void Advance(std::size_t by) {
    y += by;
    if (addend != nullptr) addend += by;
  }
};

// Where sums of integers end, with nothing done to them.
struct Keep {
  float* y;
  void Advance(std::size_t by) { y += by; }
};

// Where sums of integers end as bytes of min(max(sum * multiplier + bias, low), high) on a grid
// that RoundsInVectors, which are stored at y.
struct RoundTo {
  const float *multiplier, *bias;  // of a pixel, lanes
  const ByteGrid* grid;
  float low, high;
  std::uint8_t* y;

  void Advance(std::size_t by) { y += by; }
};

// Products and sums are rounded one by one, in the order of the taps.
void SumPixels(const Taps& taps, const Pixels<float>& pixels, const Finish& finish);
// Every sum must be exact.
void SumPixels(const Taps& taps, const Pixels<std::uint8_t>& pixels, const Keep& keep);
void SumPixels(const Taps& taps, const Pixels<std::int8_t>& pixels, const Keep& keep);
void SumPixels(const Taps& taps, const Pixels<std::uint8_t>& pixels, const RoundTo& to);
void SumPixels(const Taps& taps, const Pixels<std::int8_t>& pixels, const RoundTo& to);

}  // namespace bw::kernels
