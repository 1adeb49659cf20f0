// Decoding for AVX-512 with VBMI. Included once for each target.

#if defined(BW_DECODE_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_DECODE_KERNELS_INL_H_
#undef BW_DECODE_KERNELS_INL_H_
#else
#define BW_DECODE_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include "bitwright/tensor/byte_tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// Values of codes below 2^kBits, as byte planes.
template <int kBits, bool kShort>
struct ValuePlanes {
  static constexpr int kHalves = kBits == 8 ? 2 : 1;
  __m512i tables[4][4];
  HWY_INLINE explicit ValuePlanes(const CodeTable& table) {
    HWY_UNROLL(16)
    for (int byte = kShort ? 2 : 0; byte < 4; ++byte) {
      HWY_UNROLL(16)
      for (int part = 0; part < 4; ++part) {
        tables[byte][part] = LoadBytes(table.value_bytes[byte] + 64 * part);
      }
    }
  }
  HWY_INLINE __m512i Plane(int byte, __m512i codes, __mmask64 upper) const {
    const __m512i* const t = tables[byte];
    if constexpr (kBits <= 6) return _mm512_permutexvar_epi8(codes, t[0]);
    const __m512i low = _mm512_permutex2var_epi8(t[0], codes, t[1]);
    if constexpr (kBits == 7) return low;
    return _mm512_mask_mov_epi8(low, upper, _mm512_permutex2var_epi8(t[2], codes, t[3]));
  }
};

template <int kBits, bool kShort, bool kZero>
void DecodeAll(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
               std::int32_t zero, float* out) {
  const ValuePlanes<kBits, kShort> values(table);
  const __m512 by = _mm512_set1_ps(scale), shift = _mm512_set1_ps(static_cast<float>(zero));
  for (std::size_t i = 0; i < codes.size(); i += kBlockSize) {
    const __m512i index = SwapOrder(LoadBytes(codes.data() + i));
    const __mmask64 upper = kBits == 8 ? _mm512_movepi8_mask(index) : 0;
    __m512i planes[4];
    HWY_UNROLL(16)
    for (int byte = kShort ? 2 : 0; byte < 4; ++byte) {
      planes[byte] = values.Plane(byte, index, upper);
    }
    __m512 decoded[4];
    JoinBytes<kShort>(planes, decoded);
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < 4; ++v) {
      if constexpr (kZero) decoded[v] = _mm512_sub_ps(decoded[v], shift);
      _mm512_storeu_ps(out + i + 16 * v, _mm512_mul_ps(decoded[v], by));
    }
  }
}

template <int kBits>
void DecodeWidth(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
                 std::int32_t zero, float* out) {
  if (zero != 0) return DecodeAll<kBits, false, true>(table, codes, scale, zero, out);
  return table.short_values ? DecodeAll<kBits, true, false>(table, codes, scale, zero, out)
                            : DecodeAll<kBits, false, false>(table, codes, scale, zero, out);
}

// Whole blocks.
void DecodeBlocks(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
                  std::int32_t zero, float* out) {
  const int bits = table.format.bits();
  if (bits <= 6) return DecodeWidth<6>(table, codes, scale, zero, out);
  if (bits == 7) return DecodeWidth<7>(table, codes, scale, zero, out);
  return DecodeWidth<8>(table, codes, scale, zero, out);
}

#endif

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_DECODE_KERNELS_INL_H_
