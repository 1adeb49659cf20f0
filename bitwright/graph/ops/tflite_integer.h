#pragma once
// The integer arithmetic of TensorFlow Lite's 8-bit operators, bit for bit as its reference kernels
// with two roundings: real = scale * (code - zero); sums are int32; what multiplies them is a
// 31-bit significand and a power of two (Jacob et al., "Quantization and training of neural
// networks for efficient integer-arithmetic-only inference", 2018; the scheme's published
// specification). The operators' tensors are laid out as in the file: [batch, height, width,
// channels].

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"
#include "bitwright/graph/window.h"

namespace bw::ops::tflite {

// significand / 2^31 * 2^exponent, the significand in [2^30, 2^31) or 0.
struct Multiplier {
  std::int32_t significand = 0;
  int exponent = 0;
};

// The nearest; 0 below about 2^-32, and the largest there is from 2^31.
inline Multiplier MakeMultiplier(double real) {
  if (!(real > 0)) return {};
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto significand = static_cast<std::int64_t>(std::round(fraction * 2147483648.0));
  if (significand == std::int64_t{1} << 31) {
    significand /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  if (exponent > 31) return {std::numeric_limits<std::int32_t>::max(), 31};
  return {static_cast<std::int32_t>(significand), exponent};
}

inline std::int32_t Saturated(std::int64_t x) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      x, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

// a * b / 2^31, rounded to nearest, ties up, saturated.
inline std::int32_t MultiplyHigh(std::int32_t a, std::int32_t b) {
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const std::int64_t half = std::int64_t{1} << 30;
  return Saturated((product + (product >= 0 ? half : 1 - half)) / (std::int64_t{1} << 31));
}

// x / 2^bits, rounded to nearest, ties away from zero; 0 <= bits <= 62.
inline std::int32_t ShiftRight(std::int32_t x, int bits) {
  const std::int64_t mask = (std::int64_t{1} << bits) - 1;
  const std::int64_t remainder = x & mask;
  const std::int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<std::int32_t>((std::int64_t{x} >> bits) + (remainder > threshold ? 1 : 0));
}

// x * multiplier with both roundings: first to 2^31 units, then to integers.
inline std::int32_t Times(std::int32_t x, const Multiplier& by) {
  const int left = std::max(by.exponent, 0), right = std::max(-by.exponent, 0);
  const std::int32_t shifted = Saturated(static_cast<std::int64_t>(x) * (std::int64_t{1} << left));
  return ShiftRight(MultiplyHigh(shifted, by.significand), right);
}

struct Affine {
  float scale = 1;
  std::int32_t zero = 0;
};

// The attributes "<role>_scale" and "<role>_zero" for codes of that type.
inline Affine AffineOf(const Node& node, const std::string& role) {
  return {node.attributes.Float(role + "_scale", 1),
          static_cast<std::int32_t>(node.attributes.Int(role + "_zero", 0))};
}

inline std::int32_t LeastCode(DType dtype) { return dtype == DType::kUint8 ? 0 : -128; }

inline Expected<void> CheckAffine(const Node& node, const std::string& role, DType dtype) {
  const float scale = node.attributes.Float(role + "_scale", 1);
  if (!(scale > 0) || std::isinf(scale)) {
    return Fail("{}_scale is {}, it must be positive and finite", role, scale);
  }
  const std::int64_t zero = node.attributes.Int(role + "_zero", 0), low = LeastCode(dtype);
  if (zero < low || zero > low + 255) {
    return Fail("{}_zero is {}, allowed for {} are {} to {}", role, zero, DTypeName(dtype), low,
                low + 255);
  }
  return {};
}

inline Expected<void> CheckInt8(const InferInput& in, std::size_t i) {
  constexpr DType kCodes[] = {DType::kInt8};
  return CheckDType(in, i, kCodes);
}

// The codes that the attribute "activation" leaves: none, relu, relu6, relu_n1_to_1.
struct CodeRange {
  std::int32_t low = -128, high = 127;
};

inline CodeRange RangeOf(const Node& node) {
  const Affine out = AffineOf(node, "output");
  const auto code = [&](float real) {
    const float steps = std::clamp(std::round(real / out.scale), -1e6F, 1e6F);
    return out.zero + static_cast<std::int32_t>(steps);
  };
  const std::string activation = node.attributes.String("activation", "none");
  CodeRange range;
  if (activation == "relu" || activation == "relu6") range.low = std::max(range.low, code(0));
  if (activation == "relu6") range.high = std::min(range.high, code(6));
  if (activation == "relu_n1_to_1") {
    range = {std::max(range.low, code(-1)), std::min(range.high, code(1))};
  }
  return range;
}

inline Expected<void> CheckActivation(const Node& node) {
  constexpr std::string_view kAllowed[] = {"none", "relu", "relu6", "relu_n1_to_1"};
  const std::string activation = node.attributes.String("activation", "none");
  if (std::find(std::begin(kAllowed), std::end(kAllowed), activation) == std::end(kAllowed)) {
    return Fail("activation is '{}', allowed: {}", activation, fmt::join(kAllowed, ", "));
  }
  const CodeRange range = RangeOf(node);
  if (range.low <= range.high) return {};
  return Fail("activation '{}' leaves no code between {} and {}", activation, range.low,
              range.high);
}

// A sum in units of `by`, as a code of the output.
inline std::int8_t ToCode(std::int32_t sum, const Multiplier& by, std::int32_t zero,
                          const CodeRange& range) {
  const std::int64_t code = std::int64_t{Times(sum, by)} + zero;
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(code, range.low, range.high));
}

}  // namespace bw::ops::tflite
