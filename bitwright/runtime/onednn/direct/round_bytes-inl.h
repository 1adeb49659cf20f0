// Rounding of sums to the bytes of a ByteGrid, in vectors. Included once for each target.

#if defined(BW_ROUND_BYTES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_ROUND_BYTES_INL_H_
#undef BW_ROUND_BYTES_INL_H_
#else
#define BW_ROUND_BYTES_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "bitwright/runtime/onednn/bytes.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanes>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using Vector = hn::Vec<Floats>;
using Integers = hn::Vec<Ints>;
constexpr std::size_t kStep = hn::MaxLanes(Floats());

// To the nearest integer, of a byte's size; x - round(x), of which the sign does not count; the
// greater magnitude of two.
#if HWY_TARGET <= HWY_AVX3
HWY_INLINE Integers ToInteger(Vector x) { return Integers{_mm512_cvtps_epi32(x.raw)}; }
HWY_INLINE Vector OffInteger(Vector x, Integers) {
  return Vector{_mm512_reduce_ps(x.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
HWY_INLINE Vector Greater(Vector a, Vector b) {
  constexpr int kMaximum = 3, kPositive = 2 << 2;
  return Vector{_mm512_range_ps(a.raw, b.raw, kMaximum | kPositive)};
}
#else
HWY_INLINE Integers ToInteger(Vector x) { return hn::NearestInt(x); }
HWY_INLINE Vector OffInteger(Vector x, Integers nearest) {
  return hn::Abs(hn::Sub(x, hn::ConvertTo(Floats(), nearest)));
}
HWY_INLINE Vector Greater(Vector a, Vector b) { return hn::Max(a, b); }
#endif

// To the nearest integer.
class Nearest {
 public:
  explicit Nearest(const ByteGrid&) {}

  // `off`: the greatest distance of a ratio from its integer, in spacings.
  HWY_INLINE Integers Round(Vector ratio, Vector& off) const {
    const Integers integer = ToInteger(ratio);
    off = Greater(off, OffInteger(ratio, integer));
    return integer;
  }
};

#if HWY_TARGET <= HWY_AVX3

// To the spacing of the ratio's octave.
class ByOctave {
 public:
  explicit ByOctave(const ByteGrid& grid)
      : inverse_spacing_(_mm512_loadu_ps(grid.inverse_spacing)),
        shift_(_mm512_loadu_si512(grid.shift)),
        half_(hn::Set(Floats(), 0.5F)) {}

  HWY_INLINE Integers Round(Vector ratio, Vector& off) const {
    // Below 1 all is one octave; of the exponent the lowest four bits tell.
    const __m512i bits = _mm512_castps_si512(Greater(ratio, half_).raw);
    const __m512i exponent = _mm512_srli_epi32(bits, 23);
    const Vector steps{_mm512_mul_ps(ratio.raw, _mm512_permutexvar_ps(exponent, inverse_spacing_))};
    const Integers integer = ToInteger(steps);
    off = Greater(off, OffInteger(steps, integer));
    return Integers{_mm512_sllv_epi32(integer.raw, _mm512_permutexvar_epi32(exponent, shift_))};
  }

 private:
  __m512 inverse_spacing_;
  __m512i shift_;
  Vector half_;
};

#endif

// Calls f.operator()<Rounder>() with what rounds to the grid, which must be RoundsInVectors.
template <typename F>
HWY_INLINE void WithRounder(const ByteGrid& grid, const F& f) {
  if (grid.even) return f.template operator()<Nearest>();
#if HWY_TARGET <= HWY_AVX3
  f.template operator()<ByOctave>();
#endif
}

// What is done to every y = scale * sum + bias. Products with `inverse` rise with y, so that bounds
// of y are bounds of the ratio, within those of the grid.
template <typename Rounder>
class ByteRounding {
 public:
  ByteRounding(float low, float high, const ByteGrid& grid)
      : rounder_(grid),
        near_(hn::Set(Floats(), grid.near)),
        inverse_(hn::Set(Floats(), grid.inverse)),
        least_(hn::Set(Floats(), std::clamp(low * grid.inverse, grid.low, grid.high))),
        most_(hn::Set(Floats(), std::clamp(high * grid.inverse, grid.low, grid.high))),
        offset_(hn::Set(Ints(), grid.offset)) {}

  // What is stored; `off` begins as zeros.
  HWY_INLINE Integers Round(Vector y, Vector& off) const {
    const Vector ratio = hn::Min(hn::Max(hn::Mul(y, inverse_), least_), most_);
    return hn::Add(rounder_.Round(ratio, off), offset_);
  }
  // Whether only the law tells some of the integers.
  HWY_INLINE bool InDoubt(Vector off) const {
    return HWY_UNLIKELY(!hn::AllFalse(Floats(), hn::Gt(off, near_)));
  }

 private:
  Rounder rounder_;
  Vector near_, inverse_, least_, most_;
  Integers offset_;
};

// float(float(sum * multiplier) + bias).
HWY_INLINE Vector Affine(Vector sum, const float* multiplier, const float* bias) {
  const Floats f;
  return hn::Add(hn::Mul(sum, hn::LoadU(f, multiplier)), hn::LoadU(f, bias));
}

// Integers of a byte, signed or not.
HWY_INLINE void StoreLowBytes(Integers stored, std::uint8_t* out) {
#if HWY_TARGET <= HWY_AVX3
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtepi32_epi8(stored.raw));
#else
  const hn::Rebind<std::uint8_t, Floats> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::And(stored, hn::Set(Ints(), 255))), bytes, out);
#endif
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_ROUND_BYTES_INL_H_
