// Encoding and rounding by grids of each octave (index_table.h), for AVX-512 with VBMI. Included
// once for each target.

#if defined(BW_INDEX_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_INDEX_KERNELS_INL_H_
#undef BW_INDEX_KERNELS_INL_H_
#else
#define BW_INDEX_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/byte_tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// What finds the indices (index_table.h) of 16 elements.
template <bool kSigned, bool kSplit, bool kWide>
struct IndexFinder {
  __m512 below, floor, least, magics[4];
  HWY_INLINE IndexFinder(const IndexTable& table, float scale)
      : below(_mm512_set1_ps(1.0f / scale * kBelow * table.factor)),
        floor(_mm512_set1_ps(table.floor)),
        least(_mm512_set1_ps(table.least_power)) {
    const float* const from = kWide ? table.wide : table.magics;
    HWY_UNROLL(4)
    for (int part = 0; part < (kWide ? 4 : 2); ++part)
      magics[part] = _mm512_load_ps(from + 16 * part);
  }

  HWY_INLINE __m512 MagicOf(__m512i exponent) const {
    const __m512 low = _mm512_permutex2var_ps(magics[0], exponent, magics[1]);
    if constexpr (!kWide) return low;
    const __m512 high = _mm512_permutex2var_ps(magics[2], exponent, magics[3]);
    return _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(exponent, _mm512_set1_epi32(32)), high);
  }

  // The sum whose low word is the index, and whether it is that at both ends of the bracket.
  HWY_INLINE __m512i Sum(__m512 x, __mmask16& certain) const {
    constexpr int kGreaterMagnitudeWithoutSign = 0b1011;
    // Either gives its second operand for NaN.
    __m512 y = _mm512_mul_ps(x, below);
    y = kSigned ? _mm512_range_ps(y, floor, kGreaterMagnitudeWithoutSign) : _mm512_max_ps(y, floor);
    const __m512 power = kSplit ? _mm512_max_ps(y, least) : y;
    const __m512 magic = MagicOf(_mm512_srli_epi32(_mm512_castps_si512(power), 23));
    const __m512 low = _mm512_add_ps(y, magic);
    const __m512 high = _mm512_fmadd_ps(y, _mm512_set1_ps(kAbove / kBelow), magic);
    certain = _mm512_mask_cmp_ps_mask(certain, low, high, _CMP_EQ_OQ);
    return _mm512_castps_si512(low);
  }
};

// Codes by index, of one sign; kTables tables of 128.
template <int kTables>
struct IndexCodes {
  __m512i parts[2 * kTables];
  HWY_INLINE explicit IndexCodes(const std::uint8_t* codes) {
    HWY_UNROLL(6)
    for (int part = 0; part < 2 * kTables; ++part) parts[part] = LoadBytes(codes + 64 * part);
  }
  // Two vectors of words, by lanes, hold the indices.
  HWY_INLINE __m512i operator()(__m512i words0, __m512i words1) const {
    const __m512i low = _mm512_permutex2var_epi8(words0, LoadBytes(kLowBytes.order), words1);
    __m512i code = _mm512_permutex2var_epi8(parts[0], low, parts[1]);
    if constexpr (kTables == 1) return code;
    const __m512i next = _mm512_permutex2var_epi8(parts[2], low, parts[3]);
    code = _mm512_mask_mov_epi8(code, _mm512_movepi8_mask(low), next);
    if constexpr (kTables == 2) return code;
    const __m512i high = _mm512_permutex2var_epi8(words0, LoadBytes(kHighBytes.order), words1);
    return _mm512_mask_mov_epi8(code, _mm512_test_epi8_mask(high, _mm512_set1_epi8(1)),
                                _mm512_permutex2var_epi8(parts[4], low, parts[5]));
  }
};

// The codes of negative values, where the tables do not have them.
template <IndexTable::Negation kNegation>
HWY_INLINE __m512i Negated(__m512i code, __mmask64 negative) {
  using Negation = IndexTable::Negation;
  if constexpr (kNegation == Negation::kComplement) {
    return _mm512_mask_sub_epi8(code, negative, _mm512_setzero_si512(), code);
  }
  const __m512i sign = _mm512_set1_epi8(-128);
  return _mm512_mask_add_epi8(code, _mm512_mask_test_epi8_mask(negative, code, code), code, sign);
}

// Encodes blocks by the indices that a finder gives.
template <bool kSigned, int kTables, IndexTable::Negation kNegation>
struct IndexEncoder {
  IndexCodes<kTables> positive, negative;
  __m512i order = _mm512_load_si512(kLowWords.order);

  HWY_INLINE explicit IndexEncoder(const IndexTable& table)
      : positive(table.codes[0]), negative(table.codes[1]) {}

  // Clears the bits of certain[v * step] whose elements 16 v + bit are not.
  template <typename Finder>
  HWY_INLINE void Encode(const Finder& finder, const float* x, std::uint8_t* codes,
                         __mmask16* certain, std::size_t step) const {
    __m512i sums[4], values[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512 value = _mm512_loadu_ps(x + 16 * v);
      values[v] = _mm512_castps_si512(value);
      sums[v] = finder.Sum(value, certain[v * step]);
    }
    __m512i words0 = _mm512_permutex2var_epi16(sums[0], order, sums[1]);
    __m512i words1 = _mm512_permutex2var_epi16(sums[2], order, sums[3]);
    __m512i code = positive(words0, words1);
    if constexpr (kNegation != IndexTable::Negation::kTable) {
      code = Negated<kNegation>(code, JoinSigns(values));
    } else if constexpr (kSigned) {
      code = _mm512_mask_mov_epi8(code, JoinSigns(values), negative(words0, words1));
    }
    _mm512_storeu_si512(codes, SwapOrder(code));
  }
};

// The codes of one block of which not all were certain: by wide magics where there are some, and
// what is not certain then one by one.
template <bool kSigned, bool kSplit, int kTables, IndexTable::Negation kNegation>
HWY_NOINLINE void EncodeAgain(const CodeTable& table, const float* x, float scale,
                              std::uint8_t* codes) {
  const IndexTable& indices = table.indices;
  const IndexEncoder<kSigned, kTables, kNegation> encoder(indices);
  __mmask16 certain[4] = {0xffff, 0xffff, 0xffff, 0xffff};
  if (indices.has_wide) {
    encoder.Encode(IndexFinder<kSigned, false, true>(indices, scale), x, codes, certain, 1);
  } else {
    encoder.Encode(IndexFinder<kSigned, kSplit, false>(indices, scale), x, codes, certain, 1);
  }
  EncodeUncertain(table, x, scale, 0, true, ~JoinMasks(certain), codes);
}

// Whole blocks; symmetric.
template <bool kSigned, bool kSplit, int kTables, IndexTable::Negation kNegation>
void EncodeIndices(const CodeTable& table, std::span<const float> x, float scale,
                   std::uint8_t* codes) {
  const IndexFinder<kSigned, kSplit, false> finder(table.indices, scale);
  const IndexEncoder<kSigned, kTables, kNegation> encoder(table.indices);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __mmask16 certain = 0xffff;
    encoder.Encode(finder, x.data() + i, codes + i, &certain, 0);
    if (HWY_LIKELY(_kortestc_mask16_u8(certain, certain) != 0)) continue;
    EncodeAgain<kSigned, kSplit, kTables, kNegation>(table, x.data() + i, scale, codes + i);
  }
}

template <bool kSigned, bool kSplit>
void EncodeIndices(const CodeTable& table, std::span<const float> x, float scale,
                   std::uint8_t* codes) {
  using Negation = IndexTable::Negation;
  constexpr int kFewest = kSigned ? 1 : 2;
  constexpr auto kTable = Negation::kTable;
  if (table.indices.tables == kFewest) {
    return EncodeIndices<kSigned, kSplit, kFewest, kTable>(table, x, scale, codes);
  }
  if constexpr (kSigned) {
    if (table.indices.negation == Negation::kComplement) {
      return EncodeIndices<true, kSplit, 2, Negation::kComplement>(table, x, scale, codes);
    }
    if (table.indices.negation == Negation::kSignBit) {
      return EncodeIndices<true, kSplit, 2, Negation::kSignBit>(table, x, scale, codes);
    }
  }
  EncodeIndices<kSigned, kSplit, kFewest + 1, kTable>(table, x, scale, codes);
}

void EncodeByShape(const CodeTable& table, std::span<const float> x, float scale,
                   std::uint8_t* codes) {
  const IndexTable& indices = table.indices;
  if (indices.split) {
    return indices.is_signed ? EncodeIndices<true, true>(table, x, scale, codes)
                             : EncodeIndices<false, true>(table, x, scale, codes);
  }
  return indices.is_signed ? EncodeIndices<true, false>(table, x, scale, codes)
                           : EncodeIndices<false, false>(table, x, scale, codes);
}

// Whole blocks; symmetric. x and out may be the same.
template <bool kSigned>
void RoundOctaves(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  constexpr int kLesserMagnitudeWithSign = 0b0010, kGreaterMagnitudeWithSign = 0b0011;
  const IndexTable& indices = table.indices;
  const IndexFinder<kSigned, false, false> finder(indices, scale);
  const __m512 zero = _mm512_set1_ps(indices.zero.Greatest(scale));
  const __m512 least = _mm512_set1_ps(indices.least), greatest = _mm512_set1_ps(indices.greatest);
  const __m512 by = _mm512_set1_ps(scale / indices.factor);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512 rounded[4];
    __mmask16 certain = 0xffff;
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512 value = _mm512_loadu_ps(x.data() + i + 16 * v);
      const __mmask16 nonzero =
          _mm512_cmp_ps_mask(kSigned ? _mm512_abs_ps(value) : value, zero, _CMP_GT_OQ);
      __m512 y = _mm512_mul_ps(value, finder.below);
      y = kSigned ? _mm512_range_ps(y, greatest, kLesserMagnitudeWithSign)
                  : _mm512_min_ps(y, greatest);
      const __m512 magic = finder.MagicOf(_mm512_srli_epi32(_mm512_castps_si512(y), 23));
      const __m512 low = _mm512_add_ps(y, magic);
      const __m512 high = _mm512_fmadd_ps(y, _mm512_set1_ps(kAbove / kBelow), magic);
      certain = _mm512_mask_cmp_ps_mask(certain, low, high, _CMP_EQ_OQ);
      __m512 at = _mm512_sub_ps(low, magic);
      at = kSigned ? _mm512_range_ps(at, least, kGreaterMagnitudeWithSign)
                   : _mm512_max_ps(at, least);
      rounded[v] = _mm512_maskz_mul_ps(nonzero, at, by);
    }
    StoreRounded(table, rounded, certain, x.subspan(i, kBlockSize), scale, out + i);
  }
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_INDEX_KERNELS_INL_H_
