#pragma once
// What is done to one tensor: element format x scaling. value = scale * (decode(code) - zero).

#include <string>
#include <string_view>
#include <variant>

#include "bitwright/numerics/format.h"

namespace bw {

// One scale for the whole tensor.
struct PerTensor {
  friend bool operator==(const PerTensor&, const PerTensor&) = default;
};
// One scale for each index of `axis`.
struct PerChannel {
  int axis = 0;
  friend bool operator==(const PerChannel&, const PerChannel&) = default;
};
// One scale for each run of `size` elements: along the flattened dimensions after the first (axis
// -1: the row of a convolution or [out, in] matrix), or along one axis.
struct PerBlock {
  int size = 32;
  int axis = -1;
  friend bool operator==(const PerBlock&, const PerBlock&) = default;
};
// One scale for each tile of `rows` x `columns` elements of the matrices [dimension `axis`, all
// later dimensions flattened]; earlier dimensions number the matrices. Tiles at the lower and right
// edges are cut to the matrix. BitQ (arXiv 2409.17093) with t x t tiles: axis 0 and columns t *
// kernel size for weights, axis 1 for activations [N, C, H, W].
struct PerTile {
  int rows = 1, columns = 1;
  int axis = 0;
  friend bool operator==(const PerTile&, const PerTile&) = default;
};
using Grain = std::variant<PerTensor, PerChannel, PerBlock, PerTile>;

// Text: element[:grain][:scale][:asym], e.g. "int8", "int4:c0", "int4:b32:fp16", "e2m1:b32:e8m0",
// "uint8:t:fp32:asym". Grains: t | c<axis> | b<size>[@<axis>] | m<rows>x<columns>[@<axis>]. A block
// must divide its row; a tile need not divide its matrix. Scale formats: fp32 (default), e8m0
// (power of two) and every floating format of at most 16 bits (fp16, bf16, e4m3fn, ...); one of at
// most 8 bits followed by "*fp32" has two levels: scale = value of the format * one float of the
// tensor (NVFP4: "e2m1:b16:e4m3fn*fp32"). Asymmetric (a zero point, stored as an element code) is
// for int and uint only.
struct QuantSpec {
  Format element;
  Grain grain;
  Format scale;
  bool symmetric = true;
  bool two_level = false;  // each scale is a value of `scale` times one float of the tensor

  // Takes aliases too ("mxfp4", "nvfp4", "msfp12", ...; Aliases lists them). An error names the
  // position, what stands there, and the nearest spelling.
  static Expected<QuantSpec> Parse(std::string_view text);
  // Canonical: defaults are left out, Parse(ToString()) == *this.
  std::string ToString() const;

  friend bool operator==(const QuantSpec&, const QuantSpec&) = default;
};

// A published name for a spec.
struct SpecAlias {
  std::string_view name, spec, source;
};
std::span<const SpecAlias> SpecAliases();

}  // namespace bw
