#pragma once
// Activations as integers: a rounding whose values are small integers times one step.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "bitwright/base/check.h"
#include "bitwright/graph/graph.h"

namespace bw {

// value = float(scale * unit * (stored - offset)), the product rounded once; stored fits dtype:
// kUint8, kInt8, or kInt32 where no byte holds the integers.
struct IntegerGrid {
  QuantSpec spec;
  float scale = 1;
  std::int32_t zero = 0;
  DType dtype = DType::kInt8;
  std::int32_t offset = 0;         // 0 but where only codes with their zero point fit a byte
  double unit = 1;                 // the format's own: decode(code) = unit * integer
  std::int32_t low = 0, high = 0;  // least and greatest stored - offset
  int significand_bits = 0;        // of the widest stored - offset: 8 fits bf16

  // Greatest |stored - offset|.
  std::int32_t magnitude() const { return std::max(-low, high); }

  // The factor from integers to values.
  double step() const { return static_cast<double>(scale) * unit; }
};

// Integers of an activation stay below this in magnitude.
inline constexpr std::int32_t kGreatestInteger = (1 << 20) - 1;

// The grid of a FakeQuantize node's attributes (spec, scale, zero); nothing where the format's
// values are not integers of at most kGreatestInteger times a unit.
std::optional<IntegerGrid> FindIntegerGrid(const Attributes& attributes);

// What ToInteger and the reference of IntegerConv do: values to what is stored.
std::int32_t StoreOnGrid(float value, const IntegerGrid& grid);

// Calls f.template operator()<T>() for the C++ type of what is stored.
template <typename F>
void DispatchStored(DType dtype, F&& f) {
  if (dtype == DType::kUint8) return f.template operator()<std::uint8_t>();
  if (dtype == DType::kInt8) return f.template operator()<std::int8_t>();
  BW_CHECK(dtype == DType::kInt32);
  f.template operator()<std::int32_t>();
}

}  // namespace bw
