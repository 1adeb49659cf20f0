#include "bitwright/cost/lut_arithmetic.h"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

// LUTs of a p x p multiplier, p = 1..8; p <= 3: each output bit is one table of at most 6 inputs.
constexpr double kSquare[] = {1, 4, 6, 13, 22, 31, 45, 60};

double SquareLuts(int p) {
  if (p <= 8) return kSquare[std::max(p, 1) - 1];
  return kSquare[7] * p * p / 64;
}

int BitLength(double ratio) { return std::ilogb(ratio) + 1; }

}  // namespace

MultiplierOperand MultiplierOperandOf(const Operand& operand) {
  if (operand.format == nullptr || operand.format->bits == 32) return {};
  const FormatInfo& info = *operand.format;
  const double greatest = info.max;  // two's complement has one more below, which is a shift
  // Formats of one magnitude (binary, ternary) have nothing to shift.
  if (!(info.smallest_positive > 0) || info.smallest_positive == greatest) return {1, 0};
  const int significand = std::max(1, info.significand_bits);
  return {significand, std::max(0, BitLength(greatest / info.smallest_positive) - significand)};
}

MacLuts EsbMacLuts(const MultiplierOperand& a, const MultiplierOperand& b, double terms) {
  MacLuts luts;
  luts.multiplier = std::sqrt(SquareLuts(a.significand_bits) * SquareLuts(b.significand_bits));
  const double shifts = a.shift_range + b.shift_range;
  const double width = a.significand_bits + b.significand_bits + shifts;
  luts.shifter = width * std::ceil(std::log2(shifts + 1) / 2);  // one table holds a 4-way choice
  luts.accumulator = width + std::ceil(std::log2(std::max(1.0, terms)));
  return luts;
}

}  // namespace bw
