#pragma once
// Activations as bytes: a rounding whose values are small integers times one step.

#include <cstdint>
#include <optional>

#include "bitwright/graph/graph.h"

namespace bw {

// value = float(scale * unit * (stored - offset)), the product rounded once; stored fits dtype
// (kUint8 or kInt8).
struct IntegerGrid {
  QuantSpec spec;
  float scale = 1;
  std::int32_t zero = 0;
  DType dtype = DType::kInt8;
  std::int32_t offset = 0;     // 0 but where only codes with their zero point fit a byte
  double unit = 1;             // the format's own: decode(code) = unit * integer
  std::int32_t magnitude = 0;  // greatest |stored - offset|

  // The factor from integers to values.
  double step() const { return static_cast<double>(scale) * unit; }
};

// The grid of a FakeQuantize node's attributes (spec, scale, zero); nothing where the format's
// values are not integers of a byte times a unit.
std::optional<IntegerGrid> FindIntegerGrid(const Attributes& attributes);

// What ToInteger and the reference of IntegerConv do: values to what is stored.
std::int32_t StoreOnGrid(float value, const IntegerGrid& grid);

}  // namespace bw
