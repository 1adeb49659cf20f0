#include "bitwright/base/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace bw {
namespace {

constexpr std::size_t kMega = 1000 * 1000;

TEST(ParseBytes, TakesUnitsOf1000) {
  EXPECT_EQ(ParseBytes("2g").value(), 2000 * kMega);
  EXPECT_EQ(ParseBytes("500m").value(), 500 * kMega);
  EXPECT_EQ(ParseBytes("500M").value(), 500 * kMega);
  EXPECT_EQ(ParseBytes("1.5g").value(), 1500 * kMega);
  EXPECT_EQ(ParseBytes("64k").value(), 64000U);
  EXPECT_EQ(ParseBytes("123").value(), 123U);
}

TEST(ParseBytes, RefusesWhatIsNoAmount) {
  for (const char* text : {"", "g", "-1g", "0", "2x", "2gb", "1 g", "nan", "1e30g", "two"}) {
    const auto bytes = ParseBytes(text);
    ASSERT_FALSE(bytes.has_value()) << text;
    EXPECT_EQ(bytes.error().message,
              "'" + std::string(text) + "' is no amount of memory; give bytes, or like 500m or 2g");
  }
}

TEST(Memory, ThePeakCoversWhatWasTakenAndGivenBack) {
  const std::size_t before = ResidentMemory();
  {
    std::vector<char> block(64 * kMega);
    std::memset(block.data(), 1, block.size());
    EXPECT_GE(ResidentMemory(), before + 60 * kMega);
  }
  EXPECT_GE(PeakMemory(), before + 60 * kMega);
}

TEST(Memory, TheBoundLessWhatIsResidentIsFree) {
  EXPECT_EQ(MemoryBound(), MachineMemory() / 2);
  SetMemoryBound(ResidentMemory() + 256 * kMega);
  const std::size_t free = FreeMemory();
  const std::size_t reserved = MemoryBound() / 8;
  EXPECT_GE(free + reserved, 250 * kMega);
  EXPECT_LE(free + reserved, 262 * kMega);
  SetMemoryBound(1);
  EXPECT_EQ(FreeMemory(), 0U);
  SetMemoryBound(0);
  EXPECT_EQ(MemoryBound(), MachineMemory() / 2);
}

}  // namespace
}  // namespace bw
