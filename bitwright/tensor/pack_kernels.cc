#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/tensor/pack_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#if HWY_ARCH_X86
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>

// GCC takes the undefined operand inside its own intrinsics for a mistake of ours (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include "bitwright/base/check.h"
#include "bitwright/tensor/pack.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

constexpr std::size_t kGroup = 8;  // codes that end on a byte in every width

// `bits` ones in every lane of the width of a code.
template <typename Lane>
constexpr std::uint64_t LaneMask(int bits) {
  return ((std::uint64_t{1} << bits) - 1) * (~std::uint64_t{0} / static_cast<Lane>(~Lane{0}));
}

// Moves the low `bits` bits of each lane of a word together, in order.
template <typename Lane>
HWY_INLINE std::uint64_t Gather(std::uint64_t word, int bits) {
#if HWY_TARGET <= HWY_AVX2
  return _pext_u64(word, LaneMask<Lane>(bits));
#else
  // Halves of ever wider lanes are moved together.
  for (int lane = 8 * static_cast<int>(sizeof(Lane)), width = bits; lane < 64;
       lane *= 2, width *= 2) {
    const std::uint64_t even = ~std::uint64_t{0} / ((std::uint64_t{1} << lane) + 1);
    word = (word & even) | (word >> (lane - width) & even << width);
    if (2 * lane < 64) {
      const std::uint64_t keep = ~std::uint64_t{0} / ((~std::uint64_t{0} >> (64 - 2 * lane)));
      word &= keep * ((std::uint64_t{1} << 2 * width) - 1);
    }
  }
  return word;
#endif
}

// The inverse.
template <typename Lane>
HWY_INLINE std::uint64_t Scatter(std::uint64_t word, int bits) {
#if HWY_TARGET <= HWY_AVX2
  return _pdep_u64(word, LaneMask<Lane>(bits));
#else
  const int least = 8 * static_cast<int>(sizeof(Lane));
  for (int lane = 32, width = bits * (32 / least); lane >= least; lane /= 2, width /= 2) {
    const std::uint64_t even = ~std::uint64_t{0} / ((std::uint64_t{1} << lane) + 1);
    const std::uint64_t ones = (std::uint64_t{1} << width) - 1;
    const std::uint64_t low = even / ((std::uint64_t{1} << lane) - 1) * ones;
    word = (word & low) | ((word >> width & low) << lane);
  }
  return word;
#endif
}

// One group of eight codes, `bits` bytes packed; may write up to 8 bytes for byte codes and 16 for
// wider ones.
HWY_INLINE void PackGroup(const std::uint8_t* codes, int bits, std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, codes, sizeof word);
  word = Gather<std::uint8_t>(word, bits);
  std::memcpy(bytes, &word, sizeof word);
}

HWY_INLINE void UnpackGroup(const std::uint8_t* bytes, int bits, std::uint8_t* codes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if (bits < 8) word &= (std::uint64_t{1} << 8 * bits) - 1;
  word = Scatter<std::uint8_t>(word, bits);
  std::memcpy(codes, &word, sizeof word);
}

HWY_INLINE void PackGroup(const std::uint16_t* codes, int bits, std::uint8_t* bytes) {
  std::uint64_t words[2];
  std::memcpy(words, codes, sizeof words);
  const std::uint64_t low = Gather<std::uint16_t>(words[0], bits);
  const std::uint64_t high = Gather<std::uint16_t>(words[1], bits);
  const int half = 4 * bits;
  words[0] = half == 64 ? low : low | high << half;
  words[1] = half == 64 ? high : high >> (64 - half);
  std::memcpy(bytes, words, sizeof words);
}

HWY_INLINE void UnpackGroup(const std::uint8_t* bytes, int bits, std::uint16_t* codes) {
  std::uint64_t words[2];
  std::memcpy(words, bytes, sizeof words);
  const int half = 4 * bits;
  const std::uint64_t mask = half == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << half) - 1;
  const std::uint64_t high = half == 64 ? words[1] : words[0] >> half | words[1] << (64 - half);
  words[0] = Scatter<std::uint16_t>(words[0] & mask, bits);
  words[1] = Scatter<std::uint16_t>(high & mask, bits);
  std::memcpy(codes, words, sizeof words);
}

template <typename Lane>
void Pack(std::span<const Lane> codes, int bits, std::uint8_t* bytes) {
  const auto width = static_cast<std::size_t>(bits);
  const std::size_t size = codes.size() / 8 * width + (codes.size() % 8 * width + 7) / 8;
  constexpr std::size_t kWritten = kGroup * sizeof(Lane);
  std::size_t i = 0, at = 0;
  for (; i + kGroup <= codes.size() && at + kWritten <= size; i += kGroup, at += width) {
    PackGroup(codes.data() + i, bits, bytes + at);
  }
  for (; i < codes.size(); i += kGroup, at += width) {
    Lane from[kGroup] = {};
    std::uint8_t to[kWritten];
    std::copy_n(codes.data() + i, std::min(kGroup, codes.size() - i), from);
    PackGroup(from, bits, to);
    std::memcpy(bytes + at, to, std::min(width, size - at));
  }
}

template <typename Lane>
void Unpack(const std::uint8_t* bytes, int bits, std::span<Lane> codes) {
  const auto width = static_cast<std::size_t>(bits);
  const std::size_t size = codes.size() / 8 * width + (codes.size() % 8 * width + 7) / 8;
  constexpr std::size_t kRead = kGroup * sizeof(Lane);
  std::size_t i = 0, at = 0;
  for (; i + kGroup <= codes.size() && at + kRead <= size; i += kGroup, at += width) {
    UnpackGroup(bytes + at, bits, codes.data() + i);
  }
  for (; i < codes.size(); i += kGroup, at += width) {
    std::uint8_t from[kRead] = {};
    Lane to[kGroup];
    std::memcpy(from, bytes + at, std::min(width, size - at));
    UnpackGroup(from, bits, to);
    std::copy_n(to, std::min(kGroup, codes.size() - i), codes.data() + i);
  }
}

void PackBytes(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes) {
  Pack(codes, bits, bytes);
}
void PackWords(std::span<const std::uint16_t> codes, int bits, std::uint8_t* bytes) {
  Pack(codes, bits, bytes);
}

#if HWY_TARGET <= HWY_AVX3_DL
// 64 codes at a time: each eight codes' bytes to a lane of eight, then eight shifted bytes of it.
void UnpackBlocks(const std::uint8_t*& bytes, int bits, std::span<std::uint8_t>& codes) {
  alignas(64) std::uint8_t order[64], shifts[64];
  for (int i = 0; i < 64; ++i) {
    order[i] = static_cast<std::uint8_t>(i / 8 * bits + i % 8);
    shifts[i] = static_cast<std::uint8_t>(i % 8 * bits);
  }
  const __m512i to_lanes = _mm512_load_si512(order), by = _mm512_load_si512(shifts);
  const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << bits) - 1));
  const __mmask64 read = bits == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * bits) - 1;
  for (; codes.size() >= 64; codes = codes.subspan(64), bytes += 8 * bits) {
    const __m512i packed = _mm512_maskz_loadu_epi8(read, bytes);
    const __m512i lanes = _mm512_permutexvar_epi8(to_lanes, packed);
    const __m512i fields = _mm512_multishift_epi64_epi8(by, lanes);
    _mm512_storeu_si512(codes.data(), _mm512_and_si512(fields, mask));
  }
}
#endif

void UnpackBytes(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes) {
#if HWY_TARGET <= HWY_AVX3_DL
  UnpackBlocks(bytes, bits, codes);
#endif
  Unpack(bytes, bits, codes);
}
void UnpackWords(const std::uint8_t* bytes, int bits, std::span<std::uint16_t> codes) {
  Unpack(bytes, bits, codes);
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(PackBytes);
HWY_EXPORT(PackWords);
HWY_EXPORT(UnpackBytes);
HWY_EXPORT(UnpackWords);

void PackCodes(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes) {
  BW_CHECK(bits >= 1 && bits <= 8);
  HWY_DYNAMIC_DISPATCH(PackBytes)(codes, bits, bytes);
}

void UnpackCodes(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes) {
  BW_CHECK(bits >= 1 && bits <= 8);
  HWY_DYNAMIC_DISPATCH(UnpackBytes)(bytes, bits, codes);
}

void PackCodes(std::span<const std::uint16_t> codes, int bits, std::uint8_t* bytes) {
  BW_CHECK(bits >= 1 && bits <= 16);
  HWY_DYNAMIC_DISPATCH(PackWords)(codes, bits, bytes);
}

void UnpackCodes(const std::uint8_t* bytes, int bits, std::span<std::uint16_t> codes) {
  BW_CHECK(bits >= 1 && bits <= 16);
  HWY_DYNAMIC_DISPATCH(UnpackWords)(bytes, bits, codes);
}

}  // namespace bw
#endif
