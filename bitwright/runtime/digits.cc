#include "bitwright/runtime/digits.h"

namespace bw {

std::vector<Digit> SplitInput(std::int32_t low, std::int32_t high, int bits) {
  std::vector<Digit> digits;
  int shift = 0;
  if (bits > 0) {
    const std::int32_t most = low < 0 ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
    const std::int32_t least = low < 0 ? -most - 1 : 0;
    for (; high >> shift > most || low >> shift < least; shift += bits)
      digits.push_back({shift, bits, false, 0, (1 << bits) - 1});
  }
  digits.push_back({shift, bits, true, low >> shift, high >> shift});
  return digits;
}

// A balanced low digit takes what is left to the nearest multiple, at most half a unit beyond.
std::vector<Digit> SplitWeights(std::int32_t low, std::int32_t high, int bits) {
  std::vector<Digit> digits;
  int shift = 0;
  if (bits > 0) {
    const std::int32_t half = 1 << (bits - 1);
    for (; high > half - 1 || low < -half; shift += bits) {
      digits.push_back({shift, bits, false, -half, half - 1});
      high = (high + half) >> bits;
      low = (low + half) >> bits;
    }
  }
  digits.push_back({shift, bits, true, low, high});
  return digits;
}

std::int32_t WeightDigit(std::int32_t weight, const Digit& digit) {
  if (digit.bits == 0) return weight;
  const std::int32_t half = 1 << (digit.bits - 1);
  for (int shift = 0; shift < digit.shift; shift += digit.bits)
    weight = (weight + half) >> digit.bits;
  if (digit.top) return weight;
  return ((weight + half) & (2 * half - 1)) - half;
}

}  // namespace bw
