#include "bitwright/runtime/digits.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

std::int64_t InputDigit(std::int32_t x, const Digit& digit) {
  return digit.top ? x >> digit.shift : (x >> digit.shift) & ((1 << digit.bits) - 1);
}

TEST(SplitInput, DigitsMakeUpTheIntegerAndStayInTheirRange) {
  const std::int32_t ends[][2] = {{0, 255},    {-128, 127},     {0, 256},
                                  {-129, 100}, {-32768, 32767}, {0, 65535},
                                  {-7, 65535}, {-65535, 65535}, {-1048575, 1048575}};
  for (const auto& [low, high] : ends) {
    for (const int bits : {0, 4, 8}) {
      const std::vector<Digit> digits = SplitInput(low, high, bits);
      for (std::int32_t x = low; x <= high; x += 1 + (high - low) / 4099) {
        std::int64_t sum = 0;
        for (const Digit& digit : digits) {
          const std::int64_t d = InputDigit(x, digit);
          ASSERT_TRUE(digit.low <= d && d <= digit.high) << x << " " << bits;
          sum += d << digit.shift;
        }
        ASSERT_EQ(sum, x);
      }
    }
  }
}

TEST(SplitInput, TakesAsFewBytesAsHoldTheIntegers) {
  EXPECT_EQ(SplitInput(0, 255, 8).size(), 1U);
  EXPECT_EQ(SplitInput(-128, 127, 8).size(), 1U);
  EXPECT_EQ(SplitInput(-1, 255, 8).size(), 2U);
  EXPECT_EQ(SplitInput(-32768, 32767, 8).size(), 2U);
  EXPECT_EQ(SplitInput(-1, 65535, 8).size(), 3U);
}

TEST(SplitWeights, BalancedDigitsMakeUpTheWeight) {
  for (const int bits : {0, 2, 4, 8}) {
    for (const std::int32_t most : {127, 128, 2047, 32639, 32767, 1048575}) {
      const std::vector<Digit> digits = SplitWeights(-most, most, bits);
      for (std::int32_t w = -most; w <= most; w += 1 + most / 2053) {
        std::int64_t sum = 0;
        for (const Digit& digit : digits) {
          const std::int32_t d = WeightDigit(w, digit);
          ASSERT_TRUE(digit.low <= d && d <= digit.high) << w << " " << bits;
          sum += static_cast<std::int64_t>(d) << digit.shift;
        }
        ASSERT_EQ(sum, w);
      }
    }
  }
  EXPECT_EQ(SplitWeights(-128, 127, 8).size(), 1U);
  EXPECT_EQ(SplitWeights(-128, 128, 8).size(), 2U);
  EXPECT_EQ(SplitWeights(-32639, 32639, 8).size(), 2U);
}

}  // namespace
}  // namespace bw
