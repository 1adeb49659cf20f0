// Encoding and rounding of formats of few values by bounds in registers (bound_table.h), for
// AVX-512 with VBMI. Included once for each target.

#if defined(BW_BOUND_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_BOUND_KERNELS_INL_H_
#undef BW_BOUND_KERNELS_INL_H_
#else
#define BW_BOUND_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/byte_tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// The greatest floats x with double(x) / scale < first: of the two next to first * scale, below and
// above, the one above unless x >= (first - half) * scale, where the quotient rounds to `first` or
// more. (The difference is exact where it is small.)
HWY_INLINE __m256 GreatestBelow(const BoundTable& table, int i, __m512d scale) {
  constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  const __m512d under = _mm512_mul_pd(_mm512_load_pd(table.below + i), scale);
  const __m512d over = _mm512_mul_pd(_mm512_load_pd(table.above + i), scale);
  const __m256 low = _mm512_cvt_roundpd_ps(under, kDown), high = _mm512_cvt_roundpd_ps(over, kDown);
  const __m512d more =
      _mm512_fnmadd_pd(_mm512_load_pd(table.first + i), scale, _mm512_cvtps_pd(high));
  const __mmask8 reaches =
      _mm512_cmp_pd_mask(_mm512_fmadd_pd(_mm512_load_pd(table.half + i), scale, more),
                         _mm512_setzero_pd(), _CMP_GE_OQ);
  return _mm256_mask_mov_ps(high, reaches, low);
}

HWY_INLINE __m512 GreatestBelow(const BoundTable& table, float scale) {
  const __m512d by = _mm512_set1_pd(static_cast<double>(scale));
  const __m512 low = _mm512_castps256_ps512(GreatestBelow(table, 0, by));
  return _mm512_insertf32x8(low, GreatestBelow(table, 8, by), 1);
}

// Finds the slots of 16 elements, in the low five bits.
template <BoundTable::Kind kKind>
struct BoundFinder {
  static constexpr bool kSpaced = kKind == BoundTable::Kind::kSpaced;
  static constexpr bool kMagnitudes = kKind == BoundTable::Kind::kMagnitudes;
  __m512 factor, least, most, bound0, bound1;
  __m512i shift;

  HWY_INLINE BoundFinder(const BoundTable& table, float scale)
      : factor(_mm512_set1_ps(1.0f / scale * table.factor)),
        least(_mm512_set1_ps(table.least)),
        most(_mm512_set1_ps(table.most)),
        shift(_mm512_set1_epi32(table.shift)) {
    const __m512 bounds = GreatestBelow(table, scale);
    bound0 = _mm512_permutexvar_ps(_mm512_load_si512(table.bound), bounds);
    bound1 = _mm512_permutexvar_ps(_mm512_load_si512(table.bound + 16), bounds);
  }

  // NaN falls into the last bucket: as an integer it is greater than any float, and max and min
  // give their second operand where one is NaN.
  HWY_INLINE __m512i Bucket(__m512 x) const {
    if constexpr (kMagnitudes) {
      const __m512i y = _mm512_castps_si512(_mm512_fmadd_ps(x, factor, least));
      return _mm512_srlv_epi32(_mm512_min_epi32(y, _mm512_castps_si512(most)), shift);
    }
    const __m512 y = _mm512_min_ps(_mm512_max_ps(least, _mm512_mul_ps(x, factor)), most);
    if constexpr (kSpaced) {
      return _mm512_castps_si512(_mm512_add_ps(y, _mm512_set1_ps(0x1.8p23f)));
    }
    return _mm512_srlv_epi32(_mm512_castps_si512(y), shift);
  }

  // kMagnitudes: of |x|.
  HWY_INLINE __m512i Slot(__m512 x) const {
    const __m512i bucket = Bucket(x);
    const __m512 bound = _mm512_permutex2var_ps(bound0, bucket, bound1);
    const __mmask16 above = _mm512_cmp_ps_mask(x, bound, _CMP_NLE_UQ);
    return _mm512_mask_add_epi32(bucket, above, bucket, _mm512_set1_epi32(1));
  }
};

// Whole blocks; symmetric.
template <BoundTable::Kind kKind>
void EncodeBounds(const BoundTable& table, std::span<const float> x, float scale,
                  std::uint8_t* codes) {
  using Finder = BoundFinder<kKind>;
  const Finder finder(table, scale);
  const __m512i by_slot = LoadBytes(table.codes);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    __m512i slots[4];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512 value = _mm512_loadu_ps(x.data() + i + 16 * v);
      if constexpr (Finder::kMagnitudes) {
        const __m512i slot = finder.Slot(_mm512_abs_ps(value));
        slots[v] = _mm512_shldi_epi32(slot, _mm512_castps_si512(value), 1);
      } else {
        slots[v] = finder.Slot(value);
      }
    }
    _mm512_storeu_si512(codes + i, _mm512_permutexvar_epi8(JoinLowBytes(slots), by_slot));
  }
}

HWY_INLINE __m512 WithSign(__m512 magnitude, __m512 signs) {
  constexpr int kOrAnd = 0xf8;  // a | (b & c)
  const __m512i sign = _mm512_castps_si512(_mm512_set1_ps(-0.0f));
  return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(magnitude),
                                                       _mm512_castps_si512(signs), sign, kOrAnd));
}

// Whole blocks; symmetric. x and out may be the same.
template <BoundTable::Kind kKind>
void RoundBounds(const BoundTable& table, std::span<const float> x, float scale, float* out) {
  using Finder = BoundFinder<kKind>;
  const Finder finder(table, scale);
  const __m512 by = _mm512_set1_ps(scale);
  const __m512 unit = Finder::kMagnitudes ? _mm512_set1_ps(1) : by;
  const __m512 values0 = _mm512_mul_ps(_mm512_load_ps(table.values), unit);
  const __m512 values1 = _mm512_mul_ps(_mm512_load_ps(table.values + 16), unit);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      const __m512 value = _mm512_loadu_ps(x.data() + i + 16 * v);
      const __m512i slot = finder.Slot(Finder::kMagnitudes ? _mm512_abs_ps(value) : value);
      __m512 rounded = _mm512_permutex2var_ps(values0, slot, values1);
      if constexpr (Finder::kMagnitudes) {
        rounded = WithSign(rounded, value);
        // Adding 0 makes 0 of -0.
        rounded = _mm512_fmadd_ps(rounded, by, _mm512_setzero_ps());
      }
      _mm512_storeu_ps(out + i + 16 * v, rounded);
    }
  }
}

void EncodeBounded(const BoundTable& table, std::span<const float> x, float scale,
                   std::uint8_t* codes) {
  using Kind = BoundTable::Kind;
  if (table.kind == Kind::kSpaced) return EncodeBounds<Kind::kSpaced>(table, x, scale, codes);
  if (table.kind == Kind::kUnsigned) return EncodeBounds<Kind::kUnsigned>(table, x, scale, codes);
  EncodeBounds<Kind::kMagnitudes>(table, x, scale, codes);
}

// Of any size.
void RoundBounded(const BoundTable& table, std::span<const float> x, float scale, float* out) {
  using Kind = BoundTable::Kind;
  WithTail(x, out, [&](std::span<const float> part, float* to) {
    if (table.kind == Kind::kSpaced) return RoundBounds<Kind::kSpaced>(table, part, scale, to);
    if (table.kind == Kind::kUnsigned) return RoundBounds<Kind::kUnsigned>(table, part, scale, to);
    RoundBounds<Kind::kMagnitudes>(table, part, scale, to);
  });
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_BOUND_KERNELS_INL_H_
