#pragma once
// Integers as sums of digits: x = sum of digit[i] * 2^shift[i], so that wide integers can be
// multiplied a few bits at a time.

#include <cstdint>
#include <vector>

namespace bw {

// Integers up to here, and their sums, are exact in float32.
inline constexpr double kExactInFloat = 0x1p24;

// One digit of an integer. Of an input: its bits shift .. shift+bits-1 as a number without a sign,
// but the top one is all that is left, x >> shift. Of a weight: balanced, -2^(bits-1) to
// 2^(bits-1)-1; the top one is the rest.
struct Digit {
  int shift = 0;
  int bits = 0;  // 0: the whole integer
  bool top = true;
  std::int32_t low = 0, high = 0;  // what the digit can be

  std::int32_t magnitude() const { return high > -low ? high : -low; }
};

// Digits of integers in [low, high], lowest first; the top one fits `bits` bits, with a sign where
// low < 0. bits 0: one digit, the integer.
std::vector<Digit> SplitInput(std::int32_t low, std::int32_t high, int bits);
// The same of weights; all digits have signs.
std::vector<Digit> SplitWeights(std::int32_t low, std::int32_t high, int bits);

// The digit of one weight.
std::int32_t WeightDigit(std::int32_t weight, const Digit& digit);

}  // namespace bw
