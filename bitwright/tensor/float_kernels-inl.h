// Rounding in float (float_round.h). Included once for each target.

#if defined(BW_FLOAT_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_FLOAT_KERNELS_INL_H_
#undef BW_FLOAT_KERNELS_INL_H_
#else
#define BW_FLOAT_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include <bit>

#include "bitwright/tensor/region_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Kind = FloatRound::Kind;
constexpr std::uint32_t kOne = 0x3f80'0000;  // 1.0f
using Floats = hn::ScalableTag<float>;
using Bits = hn::RebindToUnsigned<Floats>;
using V = hn::Vec<Floats>;

// What one call of a kernel works on.
struct Job {
  const CodeTable& table;
  const float* scale;
  std::size_t step;
  std::int32_t zero;
  bool by_blocks;  // RoundBlocks has tables for what is not certain
  const FloatRound& fast = table.fast;

  void Slowly(std::span<const float> x, std::size_t at, std::size_t count, float* out) const {
    if (count == 0) return;
#if HWY_TARGET <= HWY_AVX3_DL
    if (by_blocks) return RoundBlocks(table, x.subspan(at, count), *scale, out + at);
#endif
    RoundValues(table.exact, x.subspan(at, count), scale + at * step, step, zero, out + at);
  }
};

// What stays in registers.
struct Constants {
  V low, high, offset, half, magic, least, scale, below, above;
  hn::Vec<Bits> to_magic;
#if HWY_TARGET <= HWY_AVX3
  __m512 magics[4];
#endif
};

HWY_INLINE Constants Load(const Job& job) {
  const Floats f;
  Constants c;
  const auto zero = static_cast<float>(job.zero);
  const float inverse = 1.0f / *job.scale;
  c.low = hn::Set(f, job.fast.low - zero);
  c.high = hn::Set(f, job.fast.high - zero);
  c.offset = hn::Set(f, job.fast.offset);
  c.half = hn::Set(f, job.fast.half);
  c.magic = hn::Set(f, job.fast.magic);
  c.least = hn::Set(f, job.fast.least_power);
  c.to_magic = hn::Set(Bits(), std::bit_cast<std::uint32_t>(job.fast.magic) - kOne);
  c.scale = hn::Set(f, *job.scale);
  c.below = hn::Set(f, inverse * kBelow);
  c.above = hn::Set(f, inverse * kAbove);
#if HWY_TARGET <= HWY_AVX3
  HWY_UNROLL(4)
  for (int i = 0; i < 4; ++i) c.magics[i] = _mm512_load_ps(job.fast.magics + 16 * i);
#endif
  return c;
}

// |y|, at least `least`.
HWY_INLINE V Magnitude(V y, V least) {
#if HWY_TARGET <= HWY_AVX3
  constexpr int kGreaterMagnitudeWithoutSign = 0b1011;
  return V{_mm512_range_ps(y.raw, least.raw, kGreaterMagnitudeWithoutSign)};
#else
  return hn::Max(hn::Abs(y), least);
#endif
}

template <bool kMirrored>
HWY_INLINE V Clamp(const Constants& c, V value) {
#if HWY_TARGET <= HWY_AVX3
  constexpr int kLesserMagnitudeWithSign = 0b0010;
  if constexpr (kMirrored) {
    return V{_mm512_range_ps(value.raw, c.high.raw, kLesserMagnitudeWithSign)};
  }
#endif
  return hn::Min(hn::Max(value, c.low), c.high);
}

// The magic for y.
template <Kind kKind>
HWY_INLINE V MagicOf(const Job& job, const Constants& c, V y) {
  const Floats f;
  (void)job;
  const auto magnitude = hn::BitCast(Bits(), kKind == Kind::kCyclic ? y : Magnitude(y, c.least));
  if constexpr (kKind == Kind::kGrid) {
    const auto power = hn::And(magnitude, hn::Set(Bits(), 0x7f80'0000));
    return hn::BitCast(f, hn::Add(power, c.to_magic));
  }
  const auto exponent = hn::ShiftRight<23>(magnitude);
#if HWY_TARGET <= HWY_AVX3
  const __m512 low = _mm512_permutex2var_ps(c.magics[0], exponent.raw, c.magics[1]);
  if constexpr (kKind != Kind::kManyExponents) return V{low};
  const __m512 high = _mm512_permutex2var_ps(c.magics[2], exponent.raw, c.magics[3]);
  const __mmask16 upper = _mm512_test_epi32_mask(exponent.raw, _mm512_set1_epi32(32));
  return V{_mm512_mask_mov_ps(low, upper, high)};
#else
  const hn::RebindToSigned<Floats> i;
  const auto index = hn::And(hn::BitCast(i, exponent), hn::Set(i, FloatRound::kExponentCount - 1));
  return hn::GatherIndex(f, job.fast.magics, index);
#endif
}

HWY_INLINE hn::Mask<Floats> AndEqual(hn::Mask<Floats> mask, V a, V b) {
#if HWY_TARGET <= HWY_AVX3
  return hn::Mask<Floats>{_mm512_mask_cmp_ps_mask(mask.raw, a.raw, b.raw, _CMP_EQ_OQ)};
#else
  return hn::And(mask, hn::Eq(a, b));
#endif
}

#if HWY_TARGET <= HWY_AVX3
// x * by + magic rounded down to a multiple of the quantum, or up.
template <bool kUp>
HWY_INLINE V SumTowards(V x, V by, V magic) {
  constexpr int kMode = (kUp ? _MM_FROUND_TO_POS_INF : _MM_FROUND_TO_NEG_INF) | _MM_FROUND_NO_EXC;
  return V{_mm512_fmadd_round_ps(x.raw, by.raw, magic.raw, kMode)};
}
#endif

// Rounds one vector; clears lanes of `certain` that are not.
template <Kind kKind, bool kMirrored, Shift kShift>
HWY_INLINE V RoundVector(const Job& job, const Constants& c, V x, V scale, V below, V above,
                         hn::Mask<Floats>& certain) {
  V magic = c.magic, low, high;
#if HWY_TARGET <= HWY_AVX3
  if constexpr (kShift == Shift::kUp || kShift == Shift::kDown) {
    low = SumTowards<kShift == Shift::kDown>(x, below, magic);
    high = SumTowards<kShift == Shift::kDown>(x, above, magic);
  } else  // NOLINT(readability/braces): the branch above is AVX-512's alone
#endif
      if constexpr (kShift == Shift::kAny) {
    const V near_zero = hn::Set(Floats(), kNearZero);
    certain = hn::And(certain, hn::Ge(hn::Abs(hn::Mul(x, below)), near_zero));
    low = hn::Add(hn::MulSub(x, below, c.offset), magic);
    high = hn::Add(hn::MulSub(x, above, c.offset), magic);
  } else if constexpr (kKind == Kind::kUniform) {
    low = hn::MulAdd(x, below, magic);
    high = hn::MulAdd(x, above, magic);
  } else {
    const V y = hn::Mul(x, below);
    magic = MagicOf<kKind>(job, c, y);
    low = hn::Add(y, magic);
    high = hn::MulAdd(x, above, magic);
  }
  certain = AndEqual(certain, low, high);
  V value = hn::Sub(low, magic);
  if constexpr (kShift == Shift::kAny) value = hn::Add(value, c.offset);
  if constexpr (kShift == Shift::kUp) value = hn::Add(value, c.half);
  if constexpr (kShift == Shift::kDown) value = hn::Sub(value, c.half);
  return hn::Mul(Clamp<kMirrored>(c, value), scale);
}

// Rounds kVectors vectors from element i on.
template <Kind kKind, bool kMirrored, Shift kShift, std::size_t kStep, std::size_t kVectors>
HWY_INLINE void RoundVectors(const Job& job, const Constants& c, std::span<const float> x,
                             std::size_t i, float* out) {
  const Floats f;
  const std::size_t lanes = hn::Lanes(f);
  auto certain = hn::Eq(c.scale, c.scale);
  V rounded[kVectors];
  HWY_UNROLL(4)
  for (std::size_t k = 0; k < kVectors; ++k) {
    const V value = hn::LoadU(f, x.data() + i + k * lanes);
    V scale = c.scale, below = c.below, above = c.above;
    if constexpr (kStep == 1) {
      scale = hn::LoadU(f, job.scale + i + k * lanes);
      const V inverse = hn::Div(hn::Set(f, 1.0f), scale);
      below = hn::Mul(inverse, hn::Set(f, kBelow));
      above = hn::Mul(inverse, hn::Set(f, kAbove));
      certain = hn::And(certain, hn::And(hn::Ge(scale, hn::Set(f, kLeastFastScale)),
                                         hn::Le(scale, hn::Set(f, kMostFastScale))));
    }
    rounded[k] = RoundVector<kKind, kMirrored, kShift>(job, c, value, scale, below, above, certain);
  }
  if (HWY_UNLIKELY(!hn::AllTrue(f, certain))) return job.Slowly(x, i, kVectors * lanes, out);
  HWY_UNROLL(4)
  for (std::size_t k = 0; k < kVectors; ++k) hn::StoreU(rounded[k], f, out + i + k * lanes);
}

template <Kind kKind, bool kMirrored, Shift kShift, std::size_t kStep>
void RoundAll(const Job& job, std::span<const float> x, float* out) {
  constexpr std::size_t kMany = 4;
  const std::size_t lanes = hn::Lanes(Floats());
  const Constants c = Load(job);
  std::size_t i = 0;
  for (; i + kMany * lanes <= x.size(); i += kMany * lanes) {
    RoundVectors<kKind, kMirrored, kShift, kStep, kMany>(job, c, x, i, out);
  }
  for (; i + lanes <= x.size(); i += lanes) {
    RoundVectors<kKind, kMirrored, kShift, kStep, 1>(job, c, x, i, out);
  }
  job.Slowly(x, i, x.size() - i, out);
}

template <Kind kKind, Shift kShift = Shift::kNone>
void RoundByShape(const Job& job, std::span<const float> x, float* out) {
  const bool mirrored = job.zero == 0 && job.fast.low == -job.fast.high;
  if (job.step != 0) return RoundAll<kKind, false, kShift, 1>(job, x, out);
  return mirrored ? RoundAll<kKind, true, kShift, 0>(job, x, out)
                  : RoundAll<kKind, false, kShift, 0>(job, x, out);
}

#if HWY_TARGET <= HWY_AVX2
void RoundUniform(const Job& job, std::span<const float> x, float* out) {
  if (job.fast.offset == 0) return RoundByShape<Kind::kUniform>(job, x, out);
#if HWY_TARGET <= HWY_AVX3
  if (job.fast.half != 0) {
    return job.fast.zero_goes_down ? RoundByShape<Kind::kUniform, Shift::kDown>(job, x, out)
                                   : RoundByShape<Kind::kUniform, Shift::kUp>(job, x, out);
  }
#endif
  RoundByShape<Kind::kUniform, Shift::kAny>(job, x, out);
}
#endif

void RoundFloats(const Job& job, std::span<const float> x, float* out) {
#if HWY_TARGET <= HWY_AVX2
  switch (job.fast.kind) {
    case Kind::kUniform:
      return RoundUniform(job, x, out);
    case Kind::kGrid:
      return RoundByShape<Kind::kGrid>(job, x, out);
    case Kind::kCyclic:
      return RoundByShape<Kind::kCyclic>(job, x, out);
    case Kind::kExponents:
      return RoundByShape<Kind::kExponents>(job, x, out);
    case Kind::kManyExponents:
      return RoundByShape<Kind::kManyExponents>(job, x, out);
    case Kind::kNone:
      break;
  }
#endif
  job.Slowly(x, 0, x.size(), out);
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_FLOAT_KERNELS_INL_H_
