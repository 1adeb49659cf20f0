// Encoding and rounding by buckets in memory (gather_table.h) for AVX-512 with VBMI. Included once
// for each target.

#if defined(BW_GATHER_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_GATHER_KERNELS_INL_H_
#undef BW_GATHER_KERNELS_INL_H_
#else
#define BW_GATHER_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/byte_tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// Finds the slots of 16 elements.
struct BucketFinder {
  const GatherTable& table;
  __m512 factor;
  __m512i first, last, side;
  __m128i shift;

  HWY_INLINE BucketFinder(const GatherTable& of, float scale)
      : table(of),
        factor(_mm512_set1_ps(1.0f / scale * of.factor)),
        first(_mm512_set1_epi32(of.first_key)),
        last(_mm512_set1_epi32(of.last_key)),
        side(_mm512_set1_epi32(of.per_side)),
        shift(_mm_cvtsi32_si128(of.shift)) {}

  // `certain` has a bit for each element whose slot is right.
  HWY_INLINE __m512i Find(__m512 x, __mmask16& certain) const {
    const __m512 y = _mm512_mul_ps(x, factor);
    const __m512i bits = _mm512_castps_si512(_mm512_abs_ps(y));
    const __m512i key = _mm512_srl_epi32(bits, shift);
    const __m512i bucket =
        _mm512_sub_epi32(_mm512_max_epi32(_mm512_min_epi32(key, last), first), first);
    const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(y));
    const __m512i slot = _mm512_mask_add_epi32(bucket, negative, bucket, side);
    const __m512i threshold = _mm512_i32gather_epi32(slot, table.thresholds.data(), 4);
    const __m512i above = _mm512_sub_epi32(bits, threshold);
    const __m512i zone = _mm512_set1_epi32(2 * GatherTable::kUncertain);
    const __mmask16 undecided = _mm512_cmple_epu32_mask(above, zone) |
                                _mm512_movepi32_mask(threshold) |
                                _mm512_cmp_ps_mask(y, y, _CMP_UNORD_Q);
    certain = static_cast<__mmask16>(~undecided);
    return _mm512_sub_epi32(_mm512_add_epi32(slot, _mm512_set1_epi32(1)),
                            _mm512_srli_epi32(above, 31));
  }
};

// Whole blocks; symmetric.
void EncodeGathered(const CodeTable& table, std::span<const float> x, float scale,
                    std::uint8_t* codes) {
  const BucketFinder finder(table.gather, scale);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512i found[4];
    __mmask16 certain[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512i slot = finder.Find(_mm512_loadu_ps(x.data() + i + 16 * v), certain[v]);
      found[v] = _mm512_i32gather_epi32(slot, table.gather.codes.data(), 4);
    }
    _mm512_storeu_si512(codes + i, SwapOrder(JoinDwords(found)));
    if (HWY_LIKELY(AllSet(certain))) continue;
    EncodeUncertain(table, x.data() + i, scale, 0, true, ~JoinMasks(certain), codes + i);
  }
}

// Whole blocks; symmetric. x and out may be the same.
void RoundGathered(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  const BucketFinder finder(table.gather, scale);
  const __m512 by = _mm512_set1_ps(scale);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize / 4) {
    __mmask16 certain;
    const __m512 value = _mm512_loadu_ps(x.data() + i);
    const __m512i slot = finder.Find(value, certain);
    const __m512 rounded = _mm512_i32gather_ps(slot, table.gather.values.data(), 4);
    // Adding 0 makes 0 of -0.
    _mm512_storeu_ps(out + i, _mm512_fmadd_ps(rounded, by, _mm512_setzero_ps()));
    if (HWY_LIKELY(certain == 0xffff)) continue;
    alignas(64) float before[16];
    _mm512_store_ps(before, value);
    for (unsigned left = ~certain & 0xffffu; left != 0; left &= left - 1) {
      const int j = std::countr_zero(left);
      const std::uint8_t code = table.bucket_codes.empty()
                                    ? EncodeByLaw(table, before[j], scale, 0, true)
                                    : EncodeByBucket(table, before[j], scale);
      out[i + static_cast<std::size_t>(j)] = scale * table.values[code];
    }
  }
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_GATHER_KERNELS_INL_H_
