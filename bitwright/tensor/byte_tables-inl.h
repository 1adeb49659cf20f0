// What the kernels for AVX-512 with VBMI share: tables of bytes held in registers, and bytes made
// of floats and floats of bytes. Included once for each target.

#if defined(BW_BYTE_TABLES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_BYTE_TABLES_INL_H_
#undef BW_BYTE_TABLES_INL_H_
#else
#define BW_BYTE_TABLES_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "bitwright/tensor/code_table.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

constexpr std::size_t kBlockSize = 64;

// In the order "by lanes" byte 16 L + 4 v + j stands for element 16 v + 4 L + j: then unpacking
// bytes to words to dwords gives the four vectors of 16 elements in their natural order. The
// conversion is its own inverse.
HWY_INLINE __m512i SwapOrder(__m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

// Where the low words of dwords stand by lanes: word 8 L + j is that of element 4 L + j % 4 of the
// first vector (j < 4) or of the second. The high words stand one further.
struct WordIndices {
  alignas(64) std::uint16_t order[32];
};
constexpr WordIndices MakeWordIndices(int high) {
  WordIndices indices = {};
  for (int i = 0; i < 32; ++i) {
    const int element = i / 8 * 4 + i % 4 + i % 8 / 4 * 16;
    indices.order[i] = static_cast<std::uint16_t>(2 * element + high);
  }
  return indices;
}
constexpr WordIndices kLowWords = MakeWordIndices(0), kHighWords = MakeWordIndices(1);

// The low bytes of two vectors of words, by lanes. The high bytes stand one further.
struct ByteIndices {
  alignas(64) std::uint8_t order[64];
};
constexpr ByteIndices MakeByteIndices(int high) {
  ByteIndices indices = {};
  for (int i = 0; i < 64; ++i) {
    const int word = i / 16 * 8 + i % 8 + i % 16 / 8 * 32;
    indices.order[i] = static_cast<std::uint8_t>(2 * word + high);
  }
  return indices;
}
constexpr ByteIndices kLowBytes = MakeByteIndices(0), kHighBytes = MakeByteIndices(1);

HWY_INLINE __m512i LoadBytes(const std::uint8_t* from) { return _mm512_loadu_si512(from); }

// A table of 128 bytes.
struct Table128 {
  __m512i low, high;
  HWY_INLINE explicit Table128(const std::uint8_t* from)
      : low(LoadBytes(from)), high(LoadBytes(from + 64)) {}
  // By the low 7 bits of each index.
  HWY_INLINE __m512i operator[](__m512i index) const {
    return _mm512_permutex2var_epi8(low, index, high);
  }
};

// Four byte planes by lanes to four vectors of floats.
template <bool kShort>
HWY_INLINE void JoinBytes(const __m512i planes[4], __m512 out[4]) {
  const __m512i top0 = _mm512_unpacklo_epi8(planes[2], planes[3]);
  const __m512i top1 = _mm512_unpackhi_epi8(planes[2], planes[3]);
  __m512i low0 = _mm512_setzero_si512(), low1 = low0;
  if constexpr (!kShort) {
    low0 = _mm512_unpacklo_epi8(planes[0], planes[1]);
    low1 = _mm512_unpackhi_epi8(planes[0], planes[1]);
  }
  out[0] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(low0, top0));
  out[1] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(low0, top0));
  out[2] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(low1, top1));
  out[3] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(low1, top1));
}

// The dwords of four vectors, none negative, held within a byte; by lanes.
HWY_INLINE __m512i JoinDwords(const __m512i v[4]) {
  return _mm512_packus_epi16(_mm512_packs_epi32(v[0], v[1]), _mm512_packs_epi32(v[2], v[3]));
}

// The low words of the dwords of four vectors, clamped to a byte as signed ones; by lanes.
HWY_INLINE __m512i JoinLowWords(const __m512i v[4]) {
  const __m512i order = _mm512_load_si512(kLowWords.order);
  return _mm512_packus_epi16(_mm512_permutex2var_epi16(v[0], order, v[1]),
                             _mm512_permutex2var_epi16(v[2], order, v[3]));
}

// Where every other word, or byte, stands.
template <typename T, int kCount>
struct EvenIndices {
  alignas(64) T order[kCount];
};
template <typename T, int kCount>
constexpr EvenIndices<T, kCount> MakeEvenIndices() {
  EvenIndices<T, kCount> indices = {};
  for (int i = 0; i < kCount; ++i) indices.order[i] = static_cast<T>(2 * i);
  return indices;
}
constexpr EvenIndices<std::uint16_t, 32> kEvenWords = MakeEvenIndices<std::uint16_t, 32>();
constexpr EvenIndices<std::uint8_t, 64> kEvenBytes = MakeEvenIndices<std::uint8_t, 64>();

// The low bytes of the dwords of four vectors, in natural order.
HWY_INLINE __m512i JoinLowBytes(const __m512i v[4]) {
  const __m512i words = _mm512_load_si512(kEvenWords.order);
  return _mm512_permutex2var_epi8(_mm512_permutex2var_epi16(v[0], words, v[1]),
                                  _mm512_load_si512(kEvenBytes.order),
                                  _mm512_permutex2var_epi16(v[2], words, v[3]));
}

// The signs of four vectors, by lanes.
HWY_INLINE __mmask64 JoinSigns(const __m512i v[4]) {
  return _mm512_movepi8_mask(
      _mm512_packs_epi16(_mm512_packs_epi32(v[0], v[1]), _mm512_packs_epi32(v[2], v[3])));
}

HWY_INLINE __mmask64 JoinMasks(const __mmask16 m[4]) {
  return _mm512_kunpackd(_mm512_kunpackw(m[3], m[2]), _mm512_kunpackw(m[1], m[0]));
}

HWY_INLINE bool AllSet(const __mmask16 m[4]) {
  const __mmask16 both = _kand_mask16(_kand_mask16(m[0], m[1]), _kand_mask16(m[2], m[3]));
  return _kortestc_mask16_u8(both, both) != 0;
}

// Corrects the codes of one block that are not certain.
HWY_NOINLINE void EncodeUncertain(const CodeTable& table, const float* x, float scale,
                                  std::int32_t zero, bool symmetric, std::uint64_t uncertain,
                                  std::uint8_t* codes) {
  const bool buckets = symmetric && !table.bucket_codes.empty();
  for (; uncertain != 0; uncertain &= uncertain - 1) {
    const int i = std::countr_zero(uncertain);
    codes[i] = buckets ? EncodeByBucket(table, x[i], scale)
                       : EncodeByLaw(table, x[i], scale, zero, symmetric);
  }
}

// Stores the rounded values of a block, or where not all are certain rounds it by RoundTable. x and
// out may be the same.
HWY_INLINE void StoreRounded(const CodeTable& table, const __m512 rounded[4], __mmask16 certain,
                             std::span<const float> x, float scale, float* out) {
  if (HWY_UNLIKELY(_kortestc_mask16_u8(certain, certain) == 0)) {
    return RoundValues(table.exact, x, &scale, 0, 0, out);
  }
  HWY_UNROLL(16)
  for (std::size_t v = 0; v < 4; ++v) _mm512_storeu_ps(out + 16 * v, rounded[v]);
}

// Whole blocks, and the rest in a block filled up with zeros.
template <typename Out, typename Blocks>
void WithTail(std::span<const float> x, Out* out, const Blocks& blocks) {
  const std::size_t whole = x.size() / kBlockSize * kBlockSize;
  if (whole > 0) blocks(x.first(whole), out);
  const std::size_t rest = x.size() - whole;
  if (rest == 0) return;
  alignas(64) float from[kBlockSize] = {};
  alignas(64) Out to[kBlockSize];
  std::copy_n(x.data() + whole, rest, from);
  blocks(std::span<const float>(from), to);
  std::copy_n(to, rest, out + whole);
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_BYTE_TABLES_INL_H_
