// Encoding and rounding by regions (code_table.h) for AVX-512 with VBMI. Included once for each
// target.

#if defined(BW_REGION_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_REGION_KERNELS_INL_H_
#undef BW_REGION_KERNELS_INL_H_
#else
#define BW_REGION_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/bound_kernels-inl.h"
#include "bitwright/tensor/byte_tables-inl.h"
#include "bitwright/tensor/encode_kernels-inl.h"
#include "bitwright/tensor/index_kernels-inl.h"
#include "bitwright/tensor/log_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// What was found of a block, by lanes.
struct Regions {
  __m512i slots;        // region + 127 modulo 128 in the low 7 bits
  __m512i signs;        // the top bit is that of the element
  __m512i distance[2];  // words: units above the threshold
  __m512i largest;      // words: the greatest |x|, as a float's high word
};

// What finds the regions of a block, in registers.
template <int kBuckets, bool kTwoSided>
struct RegionFinder {
  static constexpr int kSides = kTwoSided ? 2 : 1;
  __m512 factor;
  __m512i first, most, flip, side_keys;
  __m128i bucket_shift;
  __m512i fraction_shift;
  __m512i words_high = _mm512_load_si512(kHighWords.order);
  __m512i words_low = _mm512_load_si512(kLowWords.order);
  __m512i bytes_high = _mm512_load_si512(kHighBytes.order);
  __m512i bytes_low = _mm512_load_si512(kLowBytes.order);
  __m512i classes[kBuckets / 64];
  const RegionTable& table;

  HWY_INLINE RegionFinder(const RegionTable& of, float scale) : table(of) {
    const int shift = 7 - table.fraction_bits;
    const int per_side = table.bucket_count / kSides;
    factor = _mm512_set1_ps(1.0f / scale * table.factor);
    first = _mm512_set1_epi16(static_cast<short>(table.first_word));
    most = _mm512_set1_epi16(static_cast<short>((per_side - 1) << shift));
    side_keys = _mm512_set1_epi16(static_cast<short>(per_side));
    flip = _mm512_set1_epi16(static_cast<short>(1 << (shift - 1)));
    bucket_shift = _mm_cvtsi32_si128(shift);
    fraction_shift = _mm512_set1_epi16(static_cast<short>(16 - shift));
    HWY_UNROLL(16)
    for (int part = 0; part < kBuckets / 64; ++part) {
      classes[part] = LoadBytes(table.classes + 64 * part);
    }
  }

  // Classes of 256 buckets by the low bytes of their keys.
  HWY_INLINE __m512i Quarter(int part, __m512i low, __mmask64 odd) const {
    const __m512i* const c = classes + 4 * part;
    return _mm512_mask_mov_epi8(_mm512_permutex2var_epi8(c[0], low, c[1]), odd,
                                _mm512_permutex2var_epi8(c[2], low, c[3]));
  }

  HWY_INLINE __m512i ClassOf(__m512i keys0, __m512i keys1) const {
    const __m512i low = _mm512_permutex2var_epi8(keys0, bytes_low, keys1);
    if constexpr (kBuckets == 128) return _mm512_permutex2var_epi8(classes[0], low, classes[1]);
    const __mmask64 odd = _mm512_movepi8_mask(low);
    if constexpr (kBuckets <= 256) return Quarter(0, low, odd);
    const __m512i high = _mm512_permutex2var_epi8(keys0, bytes_high, keys1);
    const __mmask64 up = _mm512_test_epi8_mask(high, _mm512_set1_epi8(1));
    const __m512i lower = _mm512_mask_mov_epi8(Quarter(0, low, odd), up, Quarter(1, low, odd));
    if constexpr (kBuckets == 512) return lower;
    const __mmask64 top = _mm512_test_epi8_mask(high, _mm512_set1_epi8(2));
    return _mm512_mask_mov_epi8(
        lower, top, _mm512_mask_mov_epi8(Quarter(2, low, odd), up, Quarter(3, low, odd)));
  }

  HWY_INLINE __m512i BySide(const std::uint8_t (&tables)[2][128], __m512i index,
                            __m512i signs) const {
    const __m512i side0 = Table128(tables[0])[index];
    if constexpr (!kTwoSided) return side0;
    return _mm512_mask_mov_epi8(side0, _mm512_movepi8_mask(signs), Table128(tables[1])[index]);
  }

  // Adding 0 makes 0 of -0.
  HWY_INLINE __m512i Stretched(const float* x) const {
    return _mm512_castps_si512(_mm512_fmadd_ps(_mm512_loadu_ps(x), factor, _mm512_setzero_ps()));
  }

  HWY_INLINE Regions Find(const float* x) const {
    Regions found;
    __m512i top[2], magnitude[2], keys[2], fraction[2];
    HWY_UNROLL(16)
    for (int half = 0; half < 2; ++half) {
      const float* const from = x + 32 * half;
      const __m512i a = Stretched(from), b = Stretched(from + 16);
      top[half] = _mm512_permutex2var_epi16(a, words_high, b);
      const __m512i rest = _mm512_permutex2var_epi16(a, words_low, b);
      constexpr int kAndXor = 0x6a;  // (a & b) ^ c
      const __m512i no_sign = _mm512_set1_epi16(0x7fff);
      magnitude[half] = _mm512_ternarylogic_epi32(top[half], no_sign, flip, kAndXor);
      const __m512i above = _mm512_subs_epu16(magnitude[half], first);
      keys[half] = _mm512_srl_epi16(_mm512_min_epu16(above, most), bucket_shift);
      if constexpr (kTwoSided) {
        const __m512i side = _mm512_and_si512(_mm512_srai_epi16(top[half], 15), side_keys);
        keys[half] = _mm512_add_epi16(keys[half], side);
      }
      fraction[half] = _mm512_shldv_epi16(magnitude[half], rest, fraction_shift);
    }
    found.largest = _mm512_max_epu16(magnitude[0], magnitude[1]);
    found.signs = _mm512_permutex2var_epi8(top[0], bytes_high, top[1]);
    const __m512i classes_of = ClassOf(keys[0], keys[1]);
    const __m512i low = BySide(table.threshold_low, classes_of, found.signs);
    const __m512i high = BySide(table.threshold_high, classes_of, found.signs);
    found.distance[0] = _mm512_subs_epi16(fraction[0], _mm512_unpacklo_epi8(low, high));
    found.distance[1] = _mm512_subs_epi16(fraction[1], _mm512_unpackhi_epi8(low, high));
    const __m512i below = _mm512_packus_epi16(_mm512_srli_epi16(found.distance[0], 15),
                                              _mm512_srli_epi16(found.distance[1], 15));
    const __mmask64 none = _mm512_movepi8_mask(classes_of);
    const __m512i one = _mm512_set1_epi8(1);
    found.slots = _mm512_sub_epi8(classes_of, _mm512_mask_mov_epi8(below, none, one));
    return found;
  }
};

constexpr short kNanWord = 0x7fc0;

HWY_INLINE bool AllCertain(const Regions& found) {
  const __m512i nearest =
      _mm512_min_epu16(_mm512_abs_epi16(found.distance[0]), _mm512_abs_epi16(found.distance[1]));
  const auto near = _mm512_cmple_epu16_mask(nearest, _mm512_set1_epi16(RegionTable::kUncertain));
  const auto nan = _mm512_cmpge_epu16_mask(found.largest, _mm512_set1_epi16(kNanWord));
  return (near | nan) == 0;
}

// Bit i: element i is not certain.
HWY_NOINLINE std::uint64_t Uncertain(__m512i distance0, __m512i distance1, const float* x) {
  const __m512i most = _mm512_set1_epi16(RegionTable::kUncertain);
  const auto near0 = _mm512_cmple_epu16_mask(_mm512_abs_epi16(distance0), most);
  const auto near1 = _mm512_cmple_epu16_mask(_mm512_abs_epi16(distance1), most);
  const __m512i near = _mm512_packs_epi16(_mm512_movm_epi16(near0), _mm512_movm_epi16(near1));
  std::uint64_t uncertain = _mm512_movepi8_mask(SwapOrder(near));
  HWY_UNROLL(16)
  for (int v = 0; v < 4; ++v) {
    const __m512 value = _mm512_loadu_ps(x + 16 * v);
    const std::uint64_t nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    uncertain |= nan << (16 * v);
  }
  return uncertain;
}

// Whole blocks; symmetric.
template <int kBuckets, bool kTwoSided>
void EncodeRegions(const CodeTable& table, std::span<const float> x, float scale,
                   std::uint8_t* codes) {
  const RegionFinder<kBuckets, kTwoSided> finder(table.regions, scale);
  const Table128 side0(table.regions.codes[0]), side1(table.regions.codes[1]);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    const Regions found = finder.Find(x.data() + i);
    const __m512i code = _mm512_mask_mov_epi8(side0[found.slots], _mm512_movepi8_mask(found.signs),
                                              side1[found.slots]);
    _mm512_storeu_si512(codes + i, SwapOrder(code));
    if (HWY_LIKELY(AllCertain(found))) continue;
    EncodeUncertain(table, x.data() + i, scale, 0, true,
                    Uncertain(found.distance[0], found.distance[1], x.data() + i), codes + i);
  }
}

// Corrects the values of one block that are not certain.
HWY_NOINLINE void RoundUncertain(const CodeTable& table, const float* x, float scale,
                                 std::uint64_t uncertain, float* out) {
  for (; uncertain != 0; uncertain &= uncertain - 1) {
    const int i = std::countr_zero(uncertain);
    out[i] = scale * table.values[EncodeByLaw(table, x[i], scale, 0, true)];
  }
}

// Whole blocks; symmetric.
template <int kBuckets, bool kTwoSided, bool kMirrored, bool kShort>
void RoundRegions(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  const RegionFinder<kBuckets, kTwoSided> finder(table.regions, scale);
  const __m512 by = _mm512_set1_ps(scale);
  for (std::size_t i = 0; i < x.size(); i += kBlockSize) {
    const Regions found = finder.Find(x.data() + i);
    const __mmask64 negative = kMirrored ? 0 : _mm512_movepi8_mask(found.signs);
    __m512i planes[4];
    HWY_UNROLL(16)
    for (int byte = kShort ? 2 : 0; byte < 4; ++byte) {
      planes[byte] = Table128(table.regions.values[0][byte])[found.slots];
      if constexpr (kMirrored) continue;
      const __m512i other = Table128(table.regions.values[1][byte])[found.slots];
      planes[byte] = _mm512_mask_mov_epi8(planes[byte], negative, other);
    }
    if constexpr (kMirrored) {
      constexpr int kXorAnd = 0x78;  // a ^ (b & c)
      const __m512i sign = _mm512_set1_epi8(-128);
      planes[3] = _mm512_ternarylogic_epi32(planes[3], found.signs, sign, kXorAnd);
    }
    __m512 values[4];
    JoinBytes<kShort>(planes, values);
    alignas(64) float before[kBlockSize];
    const bool certain = AllCertain(found);
    if (HWY_UNLIKELY(!certain)) std::copy_n(x.data() + i, kBlockSize, before);
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      // Adding 0 makes 0 of -0.
      _mm512_storeu_ps(out + i + 16 * v, _mm512_fmadd_ps(values[v], by, _mm512_setzero_ps()));
    }
    if (HWY_LIKELY(certain)) continue;
    RoundUncertain(table, before, scale, Uncertain(found.distance[0], found.distance[1], before),
                   out + i);
  }
}

void EncodeWhole(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
                 bool symmetric, std::uint8_t* codes) {
  const FloatRound& fast = table.fast;
  if (fast.kind == FloatRound::Kind::kUniform && fast.offset == 0) {
    return EncodeSteps<Shift::kNone>(table, x, scale, zero, symmetric, codes);
  }
  if (fast.kind == FloatRound::Kind::kUniform && fast.half != 0) {
    return fast.zero_goes_down ? EncodeSteps<Shift::kDown>(table, x, scale, zero, symmetric, codes)
                               : EncodeSteps<Shift::kUp>(table, x, scale, zero, symmetric, codes);
  }
  if (table.bounds.kind != BoundTable::Kind::kNone) {
    return EncodeBounded(table.bounds, x, scale, codes);
  }
  if (table.indices.usable) return EncodeByShape(table, x, scale, codes);
  if (table.logs.usable) {
    return table.logs.is_signed ? EncodeLogs<true>(table, x, scale, codes)
                                : EncodeLogs<false>(table, x, scale, codes);
  }
  if (table.gather.usable) return EncodeGathered(table, x, scale, codes);
  const int buckets = table.regions.bucket_count;
  if (table.regions.two_sided) return EncodeRegions<1024, true>(table, x, scale, codes);
  if (buckets <= 128 && buckets > 0) return EncodeRegions<128, false>(table, x, scale, codes);
  if (buckets <= 256 && buckets > 0) return EncodeRegions<256, false>(table, x, scale, codes);
  if (buckets <= 512 && buckets > 0) return EncodeRegions<512, false>(table, x, scale, codes);
  if (buckets > 0) return EncodeRegions<1024, false>(table, x, scale, codes);
  EncodeSteps<Shift::kAny>(table, x, scale, zero, symmetric, codes);
}

// False where there are no tables for it.
bool EncodeBlocks(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
                  bool symmetric, std::uint8_t* codes) {
  const bool uniform = table.fast.kind == FloatRound::Kind::kUniform;
  const bool tables = table.regions.bucket_count > 0 || table.indices.usable || table.logs.usable ||
                      table.gather.usable || table.bounds.kind != BoundTable::Kind::kNone;
  if (!uniform && (!symmetric || !tables)) return false;
  WithTail(x, codes, [&](std::span<const float> part, std::uint8_t* to) {
    EncodeWhole(table, part, scale, zero, symmetric, to);
  });
  return true;
}

template <int kBuckets>
void RoundBuckets(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  const bool mirrored = table.regions.mirrored;
  if (table.regions.two_sided) return RoundRegions<1024, true, false, false>(table, x, scale, out);
  if (mirrored && table.short_values) {
    return RoundRegions<kBuckets, false, true, true>(table, x, scale, out);
  }
  return mirrored ? RoundRegions<kBuckets, false, true, false>(table, x, scale, out)
                  : RoundRegions<kBuckets, false, false, false>(table, x, scale, out);
}

void RoundBlocks(const CodeTable& table, std::span<const float> x, float scale, float* out) {
  WithTail(x, out, [&](std::span<const float> part, float* to) {
    if (table.indices.gives_values) {
      return table.indices.is_signed ? RoundOctaves<true>(table, part, scale, to)
                                     : RoundOctaves<false>(table, part, scale, to);
    }
    if (table.logs.usable) {
      return table.logs.is_signed ? RoundLogs<true>(table, part, scale, to)
                                  : RoundLogs<false>(table, part, scale, to);
    }
    if (table.gather.usable) return RoundGathered(table, part, scale, to);
    const int buckets = table.regions.bucket_count;
    if (buckets <= 128) return RoundBuckets<128>(table, part, scale, to);
    if (buckets <= 256) return RoundBuckets<256>(table, part, scale, to);
    if (buckets <= 512) return RoundBuckets<512>(table, part, scale, to);
    return RoundBuckets<1024>(table, part, scale, to);
  });
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_REGION_KERNELS_INL_H_
