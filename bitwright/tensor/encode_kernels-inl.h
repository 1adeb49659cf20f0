// Encoding for AVX-512 with VBMI where values are evenly spaced. Included once for each target.

#if defined(BW_ENCODE_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_ENCODE_KERNELS_INL_H_
#undef BW_ENCODE_KERNELS_INL_H_
#else
#define BW_ENCODE_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/gather_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// x * by + magic, rounded to the nearest multiple of the quantum or as kUp and kDown say.
template <Shift kShift>
HWY_INLINE __m512 SumOf(__m512 x, __m512 by, __m512 magic) {
  if constexpr (kShift == Shift::kUp) {
    return _mm512_fmadd_round_ps(x, by, magic, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  }
  if constexpr (kShift == Shift::kDown) {
    return _mm512_fmadd_round_ps(x, by, magic, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
  }
  return _mm512_fmadd_ps(x, by, magic);
}

// How many steps (code_table.h) a multiple of the quantum and its shift make more than the
// multiple.
template <Shift kShift>
std::int32_t StepsMore(const FloatRound& fast) {
  if (kShift != Shift::kUp && kShift != Shift::kDown) return 0;
  const float shift = kShift == Shift::kUp ? fast.half : -fast.half;
  return static_cast<std::int32_t>((shift - fast.offset) / (2 * fast.half));
}

template <Shift kShift>
void EncodeSteps(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
                 bool symmetric, std::uint8_t* codes) {
  const float inverse = 1.0f / scale;
  const __m512 below = _mm512_set1_ps(inverse * kBelow), above = _mm512_set1_ps(inverse * kAbove);
  const __m512 magic = _mm512_set1_ps(table.fast.magic), offset = _mm512_set1_ps(table.fast.offset);
  const std::int32_t start =
      std::bit_cast<std::int32_t>(table.fast.magic) - zero - StepsMore<kShift>(table.fast);
  const __m512i least = _mm512_set1_epi32(start + static_cast<std::int32_t>(table.least_step));
  const __m512i most = _mm512_set1_epi32(start + static_cast<std::int32_t>(table.most_step));
  const __m512i first_step = _mm512_set1_epi8(static_cast<char>(table.least_step));
  const __m512 near_zero = _mm512_set1_ps(kNearZero);
  __m512i by_step[4];
  HWY_UNROLL(16)
  for (int part = 0; part < 4; ++part) by_step[part] = LoadBytes(table.code_of_step + 64 * part);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512i steps[4];
    __mmask16 certain[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512 value = _mm512_loadu_ps(x.data() + i + 16 * v);
      __m512 low, high;
      __mmask16 sure = 0xffff;
      if constexpr (kShift == Shift::kAny) {
        low = _mm512_add_ps(_mm512_fmsub_ps(value, below, offset), magic);
        high = _mm512_add_ps(_mm512_fmsub_ps(value, above, offset), magic);
        sure =
            _mm512_cmp_ps_mask(_mm512_abs_ps(_mm512_mul_ps(value, below)), near_zero, _CMP_GE_OQ);
      } else {
        low = SumOf<kShift>(value, below, magic);
        high = SumOf<kShift>(value, above, magic);
      }
      certain[v] = _mm512_mask_cmp_ps_mask(sure, low, high, _CMP_EQ_OQ);
      const __m512i at_least = _mm512_max_epi32(_mm512_castps_si512(low), least);
      steps[v] = _mm512_sub_epi32(_mm512_min_epi32(at_least, most), least);
    }
    const __m512i step = _mm512_add_epi8(SwapOrder(JoinDwords(steps)), first_step);
    const __m512i first = _mm512_permutex2var_epi8(by_step[0], step, by_step[1]);
    const __m512i second = _mm512_permutex2var_epi8(by_step[2], step, by_step[3]);
    _mm512_storeu_si512(codes + i, _mm512_mask_mov_epi8(first, _mm512_movepi8_mask(step), second));
    if (HWY_LIKELY(AllSet(certain))) continue;
    EncodeUncertain(table, x.data() + i, scale, zero, symmetric, ~JoinMasks(certain), codes + i);
  }
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_ENCODE_KERNELS_INL_H_
