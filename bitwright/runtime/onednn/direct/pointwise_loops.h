#pragma once
// The loops of convolutions of bytes by windows of one element, as products of matrices: sums stay
// in registers until what follows them is done.

#include <cstddef>
#include <cstdint>

#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {

struct PointwiseLayer {
  // Weights of 16 outputs together, of 4 inputs next to each other: [blocks][depth / 4][16][4].
  static constexpr std::size_t kBlock = 16, kQuad = 4;

  std::size_t depth = 0;     // inputs of a pixel, a multiple of kQuad
  std::size_t channels = 0;  // outputs of a pixel
  const std::int8_t* weights = nullptr;
  // What makes each stored byte an unsigned one, and by output, to the end of the last block, what
  // the sum of those begins with to become the sum of the integers that they stand for.
  std::uint8_t flip = 0;
  const std::int32_t* start = nullptr;
  // By output, as long as `start`.
  const float *multiplier = nullptr, *bias = nullptr;
  // The grid of what comes out, and bounds in front of it; without, floats do.
  const ByteGrid* grid = nullptr;
  float low = 0, high = 0;

  std::size_t blocks() const { return (channels + kBlock - 1) / kBlock; }
};

// Whether this machine multiplies bytes exactly in vectors of 512 bits.
bool HasPointwise();

// x [pixels][depth] to `out` [pixels][channels]; out of a grid must be RoundsInVectors. Only where
// HasPointwise.
void RunPointwise(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t pixels,
                  void* out);

}  // namespace bw::kernels
