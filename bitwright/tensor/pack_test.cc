#include "bitwright/tensor/pack.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/qtensor.h"
#include "bitwright/tensor/test_targets.h"

namespace bw {
namespace {

std::vector<Code> RandomCodes(int bits, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Code> codes(count);
  for (Code& code : codes) {
    code = static_cast<Code>(rng.Bits() & ((std::uint64_t{1} << bits) - 1));
  }
  return codes;
}

// Bit j of the stream, from the definition.
int StreamBit(const std::vector<Code>& codes, int bits, std::size_t j) {
  const std::size_t element = j / static_cast<std::size_t>(bits);
  if (element >= codes.size()) return 0;
  return static_cast<int>(codes[element] >> (j % static_cast<std::size_t>(bits)) & 1);
}

RC_GTEST_PROP(Pack, PutsEveryBitWhereTheStreamHasIt, ()) {
  const int bits = *rc::gen::inRange(1, 17);
  const auto count = *rc::gen::inRange<std::size_t>(0, 70);
  const std::vector<Code> codes = RandomCodes(bits, count, *rc::gen::arbitrary<std::uint64_t>());
  const std::vector<std::uint8_t> bytes = Pack(codes, bits);
  RC_ASSERT(bytes.size() == (count * static_cast<std::size_t>(bits) + 7) / 8);
  for (std::size_t j = 0; j < bytes.size() * 8; ++j) {
    RC_ASSERT((bytes[j / 8] >> (j % 8) & 1) == StreamBit(codes, bits, j));
  }
}

TEST(Pack, UnpackGivesBackTheCodesForEveryWidthAndSmallCount) {
  for (int bits = 1; bits <= 32; ++bits) {
    for (std::size_t count = 0; count < 40; ++count) {
      const std::vector<Code> codes = RandomCodes(bits, count, static_cast<std::uint64_t>(bits));
      const std::vector<std::uint8_t> bytes = Pack(codes, bits);
      ASSERT_EQ(bytes.size(), PackedBytes(bits, count));
      ASSERT_EQ(Unpack(bytes, bits, count), codes) << bits << ' ' << count;
    }
  }
}

TEST(Pack, OddCountLeavesHighNibbleZero) {
  const std::vector<Code> codes = {1, 2, 15};
  EXPECT_EQ(Pack(codes, 4), (std::vector<std::uint8_t>{0x21, 0x0f}));
}

TEST(Pack, ThreeBitCodesCrossBytes) {
  const std::vector<Code> codes = {0b001, 0b010, 0b111, 0b100};
  EXPECT_EQ(Pack(codes, 3), (std::vector<std::uint8_t>{0b11010001, 0b00001001}));
}

// Against the bits of the stream, for every width, count and instruction set; nothing is written
// behind the end.
template <typename Lane>
void ExpectPacks(int most_bits) {
  for (int bits = 1; bits <= most_bits; ++bits) {
    for (const std::size_t count : {0u, 1u, 7u, 8u, 9u, 63u, 64u, 65u, 127u, 131u, 400u}) {
      const std::vector<Code> codes = RandomCodes(bits, count, static_cast<std::uint64_t>(bits));
      const std::vector<Lane> lanes(codes.begin(), codes.end());
      const std::size_t size = PackedBytes(bits, count);
      std::vector<std::uint8_t> bytes(size + 1, 0xa5);
      PackCodes(std::span<const Lane>(lanes), bits, bytes.data());
      ASSERT_EQ(bytes[size], 0xa5);
      for (std::size_t j = 0; j < size * 8; ++j) {
        ASSERT_EQ(bytes[j / 8] >> (j % 8) & 1, StreamBit(codes, bits, j)) << bits << ' ' << count;
      }
      std::vector<Lane> again(count + 1, 0x5a);
      bytes.resize(size);
      bytes.shrink_to_fit();
      UnpackCodes(bytes.data(), bits, std::span<Lane>(again).first(count));
      ASSERT_EQ(again[count], 0x5a);
      again.pop_back();
      ASSERT_EQ(again, lanes) << bits << ' ' << count;
    }
  }
}

TEST(PackCodes, FollowsTheStreamOnEveryTarget) {
  OnEveryTarget([] {
    ExpectPacks<std::uint8_t>(8);
    ExpectPacks<std::uint16_t>(16);
  });
}

TEST(PackDeathTest, RefusesACodeThatDoesNotFit) {
  const std::vector<Code> codes = {8};
  EXPECT_DEATH(Pack(codes, 3), "code >> bits == 0");
}

}  // namespace
}  // namespace bw
