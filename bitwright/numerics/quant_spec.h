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
using Grain = std::variant<PerTensor, PerChannel, PerBlock>;

// Text: element[:grain][:scale][:asym], e.g. "int8", "int4:c0", "int4:b32:fp16", "e2m1:b32:e8m0",
// "uint8:t:fp32:asym". Grains: t | c<axis> | b<size>[@<axis>]. Scale formats: fp32 (default), fp16,
// e8m0 (power of two). Asymmetric (a zero point, stored as an element code) is for int and uint
// only.
struct QuantSpec {
  Format element;
  Grain grain;
  Format scale;
  bool symmetric = true;

  // Takes aliases too ("mxfp4"). An error names the position, what stands there, and the nearest
  // spelling.
  static Expected<QuantSpec> Parse(std::string_view text);
  // Canonical: defaults are left out, Parse(ToString()) == *this.
  std::string ToString() const;

  friend bool operator==(const QuantSpec&, const QuantSpec&) = default;
};

}  // namespace bw
