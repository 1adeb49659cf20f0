// Kernels for AVX-512: formats of at most 16 values by binary search over thresholds in registers,
// moved to the scale of x, where the comparison is exact. Included once for each target.

#if defined(BW_SEARCH_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_SEARCH_KERNELS_INL_H_
#undef BW_SEARCH_KERNELS_INL_H_
#else
#define BW_SEARCH_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include <limits>

#include "bitwright/tensor/region_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

constexpr std::size_t kMostSearched = 16;

// The floats one above and one below in order; 0 and -0 are one apart.
HWY_INLINE __m256 NextFloat(__m256 x, int step) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i magnitude = _mm256_set1_epi32(0x7fff'ffff);
  const __m256i flip = _mm256_and_si256(_mm256_srai_epi32(bits, 31), magnitude);
  const __m256i moved = _mm256_add_epi32(_mm256_xor_si256(bits, flip), _mm256_set1_epi32(step));
  const __m256i again = _mm256_and_si256(_mm256_srai_epi32(moved, 31), magnitude);
  return _mm256_castsi256_ps(_mm256_xor_si256(moved, again));
}

// Of each threshold t the least float x with double(x) / scale >= t: the float nearest to t *
// scale, or one of its neighbours.
HWY_INLINE __m256 LeastFloat(__m512d threshold, double scale) {
  const __m512d by = _mm512_set1_pd(scale);
  const __m256 near = _mm512_cvtpd_ps(_mm512_mul_pd(threshold, by));
  const __m256 below = NextFloat(near, -1), above = NextFloat(near, 1);
  const auto reaches = [&](__m256 x) {
    return _mm512_cmp_pd_mask(_mm512_div_pd(_mm512_cvtps_pd(x), by), threshold, _CMP_GE_OQ);
  };
  const __m256 least = _mm256_mask_mov_ps(above, reaches(near), near);
  return _mm256_mask_mov_ps(least, reaches(below), below);
}

// A search tree: bit j of a slot says whether x reached the threshold of level j.
template <int kLevels>
struct SearchTree {
  __m512 levels[kLevels];  // thresholds of level j by the slot so far

  HWY_INLINE SearchTree(const SearchTable& table, float scale) {
    alignas(64) float least[kMostSearched];
    _mm256_store_ps(least, LeastFloat(_mm512_load_pd(table.first_above), scale));
    _mm256_store_ps(least + 8, LeastFloat(_mm512_load_pd(table.first_above + 8), scale));
    const __m512 ordered = _mm512_load_ps(least);
    HWY_UNROLL(16)
    for (int level = 0; level < kLevels; ++level) {
      const __m512i order = _mm512_load_si512(table.order[level]);
      levels[level] = _mm512_permutexvar_ps(order, ordered);
    }
  }

  // Four vectors side by side: one alone waits for each level's comparison.
  HWY_INLINE void Slots(const __m512 x[4], __m512i slots[4]) const {
    HWY_UNROLL(16)
    for (int v = 0; v < 4; ++v) {
      slots[v] = _mm512_maskz_set1_epi32(_mm512_cmp_ps_mask(x[v], levels[0], _CMP_GE_OQ), 1);
    }
    HWY_UNROLL(16)
    for (int level = 1; level < kLevels; ++level) {
      const __m512i bit = _mm512_set1_epi32(1 << level);
      HWY_UNROLL(16)
      for (int v = 0; v < 4; ++v) {
        const __m512 threshold = _mm512_permutexvar_ps(slots[v], levels[level]);
        const __mmask16 reached = _mm512_cmp_ps_mask(x[v], threshold, _CMP_GE_OQ);
        slots[v] = _mm512_mask_add_epi32(slots[v], reached, slots[v], bit);
      }
    }
  }
};

// Whole blocks; symmetric.
template <int kLevels>
void RoundLevels(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  const SearchTree<kLevels> tree(table.search, scale);
  const __m512 values = _mm512_mul_ps(_mm512_load_ps(table.search.values), _mm512_set1_ps(scale));
  const __m512 nan_value = _mm512_set1_ps(scale * table.search.nan_value);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512 value[4];
    __m512i slots[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) value[v] = _mm512_loadu_ps(x.data() + i + 16 * v);
    tree.Slots(value, slots);
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __mmask16 nan = _mm512_cmp_ps_mask(value[v], value[v], _CMP_UNORD_Q);
      const __m512 rounded = _mm512_permutexvar_ps(slots[v], values);
      _mm512_storeu_ps(out + i + 16 * v, _mm512_mask_mov_ps(rounded, nan, nan_value));
    }
  }
}

void RoundSearched(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  switch (table.search.levels) {
    case 1:
      return RoundLevels<1>(table, x, scale, out);
    case 2:
      return RoundLevels<2>(table, x, scale, out);
    case 3:
      return RoundLevels<3>(table, x, scale, out);
    default:
      return RoundLevels<4>(table, x, scale, out);
  }
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_SEARCH_KERNELS_INL_H_
