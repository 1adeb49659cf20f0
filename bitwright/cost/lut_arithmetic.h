#pragma once
// What arithmetic costs in the look-up tables of an FPGA.

#include "bitwright/cost/model.h"

namespace bw {

// An operand as a multiplier sees it: a significand and how far it is shifted. Every value is
// significand * 2^shift units.
struct MultiplierOperand {
  int significand_bits = 24;
  int shift_range = 254;  // greatest shift
};
MultiplierOperand MultiplierOperandOf(const Operand& operand);

// LUTs of one multiply-accumulate after the elastic significant bits of ESB (arXiv 2109.03513): the
// significands are multiplied, the product is shifted and added to a fixed-point sum of `terms`.
struct MacLuts {
  double multiplier = 0, shifter = 0, accumulator = 0;
  double total() const { return multiplier + shifter + accumulator; }
};
MacLuts EsbMacLuts(const MultiplierOperand& a, const MultiplierOperand& b, double terms);

}  // namespace bw
