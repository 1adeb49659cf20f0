// Encoding and rounding of powers of 2^(2^-f) (log_table.h), for AVX-512 with VBMI. Included once
// for each target.

#if defined(BW_LOG_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_LOG_KERNELS_INL_H_
#undef BW_LOG_KERNELS_INL_H_
#else
#define BW_LOG_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/byte_tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// The bits of 16 magnitudes with what their slots add.
struct LogAdder {
  __m512i add0, add1, undecided;
  HWY_INLINE LogAdder(const LogTable& table, const std::uint32_t* add)
      : add0(_mm512_load_si512(add)), add1(_mm512_load_si512(add + 16)) {
    const std::uint32_t low = (std::uint32_t{1} << table.shift) - 2 * LogTable::kUncertain;
    undecided = _mm512_set1_epi32(static_cast<int>(low));
  }
  HWY_INLINE __m512i ToAdd(__m512 y) const {
    const __m512i slot = _mm512_srli_epi32(_mm512_castps_si512(y), LogTable::kSlotShift);
    return _mm512_permutex2var_epi32(add0, slot, add1);
  }
  // Clears the bits of `certain` where a sum is too near to a threshold.
  HWY_INLINE void Check(__m512i sum, __mmask16& certain) const {
    certain = _mm512_mask_test_epi32_mask(certain, sum, undecided);
  }
};

// Encodes one block; certain[v * step] loses the bits of elements 16 v + bit that are not.
template <bool kSigned>
struct LogEncoder {
  LogAdder adder;
  __m512 inverse, greatest, zero;
  __m512i at_zero;
  __m128i word_shift;
  Table128 codes0, codes1;  // signed: of either sign; unsigned: of one table's halves

  HWY_INLINE LogEncoder(const LogTable& table, float scale)
      : adder(table, table.to_index),
        inverse(_mm512_set1_ps(1.0f / scale)),
        greatest(_mm512_set1_ps(table.greatest)),
        zero(_mm512_set1_ps(table.zero.Greatest(scale))),
        // Low bits that are certain.
        at_zero(_mm512_set1_epi32((table.zero_index << table.shift) + 4 * LogTable::kUncertain)),
        word_shift(_mm_cvtsi32_si128(table.shift - 16)),
        codes0(table.codes[0]),
        codes1(kSigned ? table.codes[1] : table.codes[0] + 128) {}

  HWY_INLINE __m512i Sum(const float* x, __mmask16& certain) const {
    __m512 value = _mm512_loadu_ps(x);
    if (kSigned) value = _mm512_abs_ps(value);
    const __mmask16 nonzero = _mm512_cmp_ps_mask(value, zero, _CMP_GT_OQ);
    const __m512 y = _mm512_min_ps(_mm512_mul_ps(value, inverse), greatest);
    const __m512i sum =
        _mm512_mask_add_epi32(at_zero, nonzero, _mm512_castps_si512(y), adder.ToAdd(y));
    adder.Check(sum, certain);
    return sum;
  }

  HWY_INLINE void Encode(const float* x, std::uint8_t* codes, __mmask16* certain,
                         std::size_t step) const {
    __m512i sums[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) sums[v] = Sum(x + 16 * v, certain[v * step]);
    const __m512i order = _mm512_load_si512(kHighWords.order);
    const __m512i words0 = _mm512_permutex2var_epi16(sums[0], order, sums[1]);
    const __m512i words1 = _mm512_permutex2var_epi16(sums[2], order, sums[3]);
    // Below the least value the index is negative.
    const __m512i index = _mm512_packus_epi16(_mm512_sra_epi16(words0, word_shift),
                                              _mm512_sra_epi16(words1, word_shift));
    __mmask64 second;
    if constexpr (kSigned) {
      __m512i values[4];
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < 4; ++v) values[v] = _mm512_loadu_si512(x + 16 * v);
      second = JoinSigns(values);
    } else {
      second = _mm512_movepi8_mask(index);
    }
    const __m512i code = _mm512_mask_mov_epi8(codes0[index], second, codes1[index]);
    _mm512_storeu_si512(codes, SwapOrder(code));
  }
};

template <bool kSigned>
HWY_NOINLINE void EncodeLogAgain(const CodeTable& table, const float* x, float scale,
                                 std::uint8_t* codes) {
  __mmask16 certain[4] = {0xffff, 0xffff, 0xffff, 0xffff};
  LogEncoder<kSigned>(table.logs, scale).Encode(x, codes, certain, 1);
  EncodeUncertain(table, x, scale, 0, true, ~JoinMasks(certain), codes);
}

// Whole blocks; symmetric.
template <bool kSigned>
void EncodeLogs(const CodeTable& table, std::span<const float> x, float scale,
                std::uint8_t* codes) {
  const LogEncoder<kSigned> encoder(table.logs, scale);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __mmask16 certain = 0xffff;
    encoder.Encode(x.data() + i, codes + i, &certain, 0);
    if (HWY_LIKELY(_kortestc_mask16_u8(certain, certain) != 0)) continue;
    EncodeLogAgain<kSigned>(table, x.data() + i, scale, codes + i);
  }
}

// Rounds 16 elements.
template <bool kSigned>
struct LogRounder {
  LogAdder adder;
  __m512 inverse, least, greatest, zero, by;
  __m512i fractions;
  __m128i shift;

  HWY_INLINE LogRounder(const LogTable& table, float scale)
      : adder(table, table.to_place),
        inverse(_mm512_set1_ps(1.0f / scale)),
        least(_mm512_set1_ps(table.least)),
        greatest(_mm512_set1_ps(table.greatest)),
        zero(_mm512_set1_ps(table.zero.Greatest(scale))),
        by(_mm512_set1_ps(scale)),
        fractions(_mm512_load_si512(table.fractions)),
        shift(_mm_cvtsi32_si128(table.shift)) {}

  HWY_INLINE __m512 Round(__m512 x, __mmask16& certain) const {
    constexpr int kLesserMagnitudeWithSign = 0b0010, kGreaterMagnitudeWithSign = 0b0011;
    constexpr int kSelect = 0xe4;  // c ? a : b
    const __mmask16 nonzero = _mm512_cmp_ps_mask(kSigned ? _mm512_abs_ps(x) : x, zero, _CMP_GT_OQ);
    __m512 y = _mm512_mul_ps(x, inverse);
    y = kSigned ? _mm512_range_ps(y, greatest, kLesserMagnitudeWithSign)
                : _mm512_min_ps(y, greatest);
    const __m512i sum = _mm512_add_epi32(_mm512_castps_si512(y), adder.ToAdd(y));
    adder.Check(sum, certain);
    const __m512i fraction = _mm512_permutexvar_epi32(_mm512_srl_epi32(sum, shift), fractions);
    const __m512i power = _mm512_set1_epi32(static_cast<int>(0xff80'0000));
    __m512 value = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(sum, fraction, power, kSelect));
    value = kSigned ? _mm512_range_ps(value, least, kGreaterMagnitudeWithSign)
                    : _mm512_max_ps(value, least);
    return _mm512_maskz_mul_ps(nonzero, value, by);
  }
};

// Whole blocks; symmetric. x and out may be the same.
template <bool kSigned>
void RoundLogs(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  const LogRounder<kSigned> rounder(table.logs, scale);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512 rounded[4];
    __mmask16 certain = 0xffff;
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      rounded[v] = rounder.Round(_mm512_loadu_ps(x.data() + i + 16 * v), certain);
    }
    StoreRounded(table, rounded, certain, x.subspan(i, kBlockSize), scale, out + i);
  }
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_LOG_KERNELS_INL_H_
