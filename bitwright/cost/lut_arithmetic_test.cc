#include "bitwright/cost/lut_arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bw {
namespace {

MultiplierOperand Of(const std::string& name) {
  const Format format = Format::Parse(name).value();
  return MultiplierOperandOf({&format.info(), static_cast<double>(format.bits())});
}

// ESB(b,k): nl = b-1-k exponent bits, significands of k+1 bits, shifts up to 2^nl - 2
// (arXiv 2109.03513); with nl < 2 it is linear.
TEST(MultiplierOperand, OfElasticSignificantBits) {
  for (int b = 3; b <= 8; ++b) {
    for (int k = 1; k <= b - 3; ++k) {
      const MultiplierOperand operand = Of("esb" + std::to_string(b) + "_" + std::to_string(k));
      EXPECT_EQ(operand.significand_bits, k + 1) << b << "," << k;
      EXPECT_EQ(operand.shift_range, (1 << (b - 1 - k)) - 2) << b << "," << k;
    }
    const MultiplierOperand powers = Of("esb" + std::to_string(b) + "_0");
    EXPECT_EQ(powers.significand_bits, 1) << b;
    EXPECT_EQ(powers.shift_range, (1 << (b - 1)) - 2) << b;
  }
}

TEST(MultiplierOperand, OfOtherFormats) {
  EXPECT_EQ(Of("int8").shift_range, 0);
  EXPECT_EQ(Of("uint4").significand_bits, 4);
  EXPECT_EQ(Of("ternary").significand_bits, 1);
  EXPECT_EQ(Of("ternary").shift_range, 0);
  EXPECT_EQ(Of("dybit4").significand_bits, 2);  // 0.25 .. 4 with steps of 1/4: 1 to 16, 3 at most
  EXPECT_EQ(Of("dybit4").shift_range, 3);
  EXPECT_EQ(MultiplierOperandOf({}).significand_bits, 24);
}

TEST(EsbMacLuts, AreTheSumOfTheirParts) {
  const MacLuts luts = EsbMacLuts({2, 2}, {2, 2}, 576);
  EXPECT_EQ(luts.multiplier, 4);
  EXPECT_EQ(luts.shifter, 8 * 2);       // 8 bits, shifts 0 to 4: two layers of 4-way choices
  EXPECT_EQ(luts.accumulator, 8 + 10);  // 576 < 1024
}

TEST(EsbMacLuts, NeedNoShifterForIntegers) {
  EXPECT_EQ(EsbMacLuts({8, 0}, {8, 0}, 1).shifter, 0);
  EXPECT_EQ(EsbMacLuts({8, 0}, {8, 0}, 1).multiplier, 60);
}

TEST(EsbMacLuts, GrowWithSignificandsShiftsAndTerms) {
  for (int p = 1; p < 12; ++p) {
    for (int shifts = 0; shifts < 8; ++shifts) {
      const double luts = EsbMacLuts({p, shifts}, {3, 2}, 100).total();
      EXPECT_LT(luts, EsbMacLuts({p + 1, shifts}, {3, 2}, 100).total());
      EXPECT_LT(luts, EsbMacLuts({p, shifts + 1}, {3, 2}, 100).total());
      EXPECT_LT(luts, EsbMacLuts({p, shifts}, {3, 2}, 1000).total());
      EXPECT_EQ(luts, EsbMacLuts({3, 2}, {p, shifts}, 100).total());
    }
  }
}

}  // namespace
}  // namespace bw
