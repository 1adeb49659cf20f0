#pragma once
// A quantized tensor: packed codes, scales and zero points; and the grouping of elements that share
// a scale.

#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/numerics/quant_spec.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// Which elements share a scale, on the row-major view [outer, reduce, inner] of the tensor: blocks
// of `block` consecutive reduce indices; outer and inner indices each share a scale or have their
// own. Or tiles: `block` reduce indices x `inner_block` inner indices of one outer index, cut at
// the edges. Groups are numbered row-major.
struct Grouping {
  std::int64_t outer = 1, reduce = 1, inner = 1;
  std::int64_t block = 1;        // divides reduce, unless there are tiles
  std::int64_t inner_block = 0;  // columns of a tile; 0: no tiles
  bool inner_shared = true;   // all of inner shares one scale (else one scale for each inner index)
  bool outer_shared = false;  // all of outer shares one scale
  std::vector<std::int64_t>
      scale_shape;  // shape of the scale tensor that broadcasts (block-wise) over the elements

  std::int64_t groups() const;
  std::int64_t GroupOf(std::int64_t element) const;  // flat element index -> group
};

// How `grain` divides a tensor of that shape; the row of a vector is the vector. Fails when an axis
// does not exist or a block does not divide its row, with the block sizes that do.
Expected<Grouping> MakeGrouping(const Grain& grain, const Shape& shape);

// Codes of `bits` bits each, packed without gaps: element i occupies bits [i*bits, (i+1)*bits) of
// the little-endian bit stream (bit j of the stream is bit j%8 of byte j/8). The unused high bits
// of the last byte are zero.
std::vector<std::uint8_t> Pack(std::span<const Code> codes, int bits);
std::vector<Code> Unpack(std::span<const std::uint8_t> bytes, int bits, std::size_t count);
std::size_t PackedBytes(int bits, std::size_t count);

// The parameters of one quantization: a scale for each group, as values of the spec's scale format
// (of a two-level spec: float(value * tensor_scale)), and, for an asymmetric spec, a zero point for
// each group (an integer in the element's range); else zeros is empty.
struct QuantParams {
  std::vector<float> scales;
  std::vector<std::int32_t> zeros;
  float tensor_scale = 1;  // other than 1 in two-level specs only; `scales` have it in them
};

// value = float(scale * (decode(code) - zero)), computed in float: float(decode) is exact for every
// format of at most 24 significand bits, so there is one rounding.
struct QTensor {
  Shape shape;
  QuantSpec spec;
  QuantParams params;
  std::vector<std::uint8_t> codes;  // packed

  // Bytes of codes, scales (in their format), zero points (element bits each) and the tensor's
  // scale of two levels (4 bytes).
  std::size_t bytes() const;
};

// Fails when the number of scales or zero points is not that of the groups, a scale is not positive
// and finite, or a zero point is outside the element's range.
Expected<void> CheckParams(const QuantSpec& spec, const Grouping& grouping,
                           const QuantParams& params);

// code = nearest to x / scale, the division and the nearest-value search in double: the law.
// Asymmetric: the ratio is rounded to an integer (halves to even), zero is added, and the sum is
// clamped to the element's range; NaN becomes zero. Fails as CheckParams does.
Expected<QTensor> Quantize(ConstTensorRef values, const QuantSpec& spec, const QuantParams& params);
Tensor Dequantize(const QTensor& tensor);

// Dequantize(Quantize(x)) without codes, in place; the same floats bit for bit, and fast (the hot
// loop of the search). Shapes with one group or contiguous groups take a vectorisable path.
Expected<void> FakeQuantize(std::span<float> values, const Grouping& grouping,
                            const QuantSpec& spec, const QuantParams& params);

}  // namespace bw
