// Sums of bytes by filters of one channel, rows of three taps: four pixels side by side make a quad
// for each channel, which has the taps of one output, or of two that are neighbours. Included once
// for each target.

#if defined(BW_DEPTHWISE_QUADS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_DEPTHWISE_QUADS_INL_H_
#undef BW_DEPTHWISE_QUADS_INL_H_
#else
#define BW_DEPTHWISE_QUADS_INL_H_
#endif

#include "bitwright/runtime/onednn/direct/byte_products-inl.h"
#include "bitwright/runtime/onednn/direct/depthwise_loops.h"
#include "bitwright/runtime/onednn/direct/round_bytes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// Quads of 16 channels, as unsigned bytes.
class QuadsOf {
 public:
  explicit QuadsOf(bool is_signed)
      : flip_(_mm512_set1_epi8(static_cast<char>(is_signed ? 0x80 : 0))),
        order_(_mm512_add_epi32(_mm512_set1_epi32(0x30201000),
                                _mm512_mullo_epi32(_mm512_set1_epi32(0x01010101),
                                                   _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                                                     10, 11, 12, 13, 14, 15)))) {}

  // Of kPixels pixels, `step` apart; what is missing is anything.
  template <std::size_t kPixels>
  HWY_INLINE __m512i Load(const std::uint8_t* x, std::size_t step) const {
    __m512i pixels = _mm512_castsi128_si512(Pixel(x));
    pixels = _mm512_mask_broadcast_i32x4(pixels, 0x00F0, Pixel(x + step));
    pixels = _mm512_mask_broadcast_i32x4(pixels, 0x0F00, Pixel(x + 2 * step));
    if constexpr (kPixels == 4)
      pixels = _mm512_mask_broadcast_i32x4(pixels, 0xF000, Pixel(x + 3 * step));
    return _mm512_xor_si512(_mm512_permutexvar_epi8(order_, pixels), flip_);
  }

 private:
  HWY_INLINE static __m128i Pixel(const std::uint8_t* x) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  }

  __m512i flip_, order_;
};

// kQuads quads of 16 channels, each with the taps of kOutputs outputs: two must lie as far apart as
// their taps.
template <std::size_t kQuads, std::size_t kOutputs, typename Byte, typename Behind>
HWY_INLINE void SumQuads(const Taps& taps, const Pixels<Byte>& pixels, const QuadsOf& quads,
                         const Behind& behind, std::size_t first, std::size_t channel) {
  constexpr bool kSigned = std::is_signed_v<Byte>;
  constexpr std::size_t kPixels = kOutputs + 2;
  const __m512i more =
      _mm512_set1_epi32(-static_cast<std::int32_t>(pixels.offset) - (kSigned ? 128 : 0));
  const std::size_t step = kOutputs * pixels.x_step;
  const auto* x = reinterpret_cast<const std::uint8_t*>(pixels.x) + first * pixels.x_step + channel;
  const std::int8_t* w = taps.quads + channel * 4;
  __m512i start = _mm512_setzero_si512();
  for (std::size_t r = 0; r < taps.rows; ++r) {
    const __m512i row = _mm512_loadu_si512(taps.quad_sums + r * taps.lanes + channel);
    start = _mm512_add_epi32(start, _mm512_mullo_epi32(more, row));
  }
  __m512i sums[kQuads * kOutputs];
  Unroll<kQuads * kOutputs>([&](auto i) BW_INLINE { sums[i] = start; });
  for (std::size_t r = 0; r < taps.rows; ++r) {
    const __m512i weights = _mm512_loadu_si512(w + r * taps.lanes * 4);
    const __m512i second = _mm512_slli_epi32(weights, 8);
    Unroll<kQuads>([&](auto q) BW_INLINE {
      const __m512i quad = quads.Load<kPixels>(x + r * taps.row_step + q * step, taps.column_step);
      AddProducts(sums[q * kOutputs], quad, weights);
      if constexpr (kOutputs == 2) AddProducts(sums[q * kOutputs + 1], quad, second);
    });
  }
  Vector floats[kQuads * kOutputs];
  Unroll<kQuads * kOutputs>([&](auto i)
                                BW_INLINE { floats[i] = Vector{_mm512_cvtepi32_ps(sums[i])}; });
  behind.PutAll(floats, channel, first * pixels.y_step + channel, pixels.y_step);
}

// All channels; the last vector may overlap the one before.
template <std::size_t kQuads, std::size_t kOutputs, typename Byte, typename Behind>
HWY_INLINE void SumQuadChannels(const Taps& taps, const Pixels<Byte>& pixels, const QuadsOf& quads,
                                const Behind& behind, std::size_t first) {
  std::size_t channel = 0;
  for (; channel + kStep <= taps.lanes; channel += kStep)
    SumQuads<kQuads, kOutputs>(taps, pixels, quads, behind, first, channel);
  if (channel < taps.lanes)
    SumQuads<kQuads, kOutputs>(taps, pixels, quads, behind, first, taps.lanes - kStep);
}

template <typename Byte, typename Behind>
HWY_INLINE void SumAllQuads(const Taps& taps, const Pixels<Byte>& pixels, const Behind& behind) {
  const QuadsOf quads(std::is_signed_v<Byte>);
  std::size_t p = 0;
  if (taps.column_step == pixels.x_step) {
    for (; p + 8 <= pixels.count; p += 8) SumQuadChannels<4, 2>(taps, pixels, quads, behind, p);
    for (; p + 2 <= pixels.count; p += 2) SumQuadChannels<1, 2>(taps, pixels, quads, behind, p);
  }
  for (; p + 4 <= pixels.count; p += 4) SumQuadChannels<4, 1>(taps, pixels, quads, behind, p);
  for (; p < pixels.count; ++p) SumQuadChannels<1, 1>(taps, pixels, quads, behind, p);
}

#endif

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_DEPTHWISE_QUADS_INL_H_
