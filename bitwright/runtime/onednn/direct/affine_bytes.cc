#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/affine_bytes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "bitwright/runtime/onednn/bytes.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanes>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t kStep = hn::MaxLanes(Floats());

HWY_INLINE Vector LoadSums(const float* sums) { return hn::LoadU(Floats(), sums); }
HWY_INLINE Vector LoadSums(const std::int32_t* sums) {
  return hn::ConvertTo(Floats(), hn::LoadU(Ints(), sums));
}

// To the nearest integer; the lanes in doubt.
struct Nearest {
  Vector near;

  explicit Nearest(const ByteGrid& grid) : near(hn::Set(Floats(), grid.near[0])) {}
  HWY_INLINE hn::Mask<Floats> Round(Vector ratio, hn::Vec<Ints>& integer) const {
    integer = hn::NearestInt(ratio);
    return hn::Gt(hn::Abs(hn::Sub(ratio, hn::ConvertTo(Floats(), integer))), near);
  }
};

// To the spacing of the ratio's octave.
struct ByOctave {
  Vector magic, near;

  explicit ByOctave(const ByteGrid& grid)
      : magic(hn::LoadU(Floats(), grid.magic)), near(hn::LoadU(Floats(), grid.near)) {}
  HWY_INLINE hn::Mask<Floats> Round(Vector ratio, hn::Vec<Ints>& integer) const {
    const Floats f;
    const Ints d;
    const Vector size = hn::Abs(ratio);
    // The exponent of the size, and 0 below 1.
    const auto exponent = hn::ShiftRight<23>(hn::BitCast(d, size));
    const auto octave = hn::Max(hn::Sub(exponent, hn::Set(d, 126)), hn::Zero(d));
    const auto index = hn::IndicesFromVec(f, octave);
    const Vector spread = hn::TableLookupLanes(magic, index);
    const Vector nearest = hn::Sub(hn::Add(size, spread), spread);
    integer = hn::NearestInt(hn::CopySign(nearest, ratio));
    return hn::Gt(hn::Abs(hn::Sub(size, nearest)), hn::TableLookupLanes(near, index));
  }
};

// What is done to every sum. Products with `inverse` rise with y, so that bounds of y are bounds of
// the ratio, within those of the grid.
struct Before {
  Vector inverse, least, most;
  hn::Vec<Ints> offset;

  Before(float low, float high, const ByteGrid& grid)
      : inverse(hn::Set(Floats(), grid.inverse)),
        least(hn::Set(Floats(), std::clamp(low * grid.inverse, grid.low, grid.high))),
        most(hn::Set(Floats(), std::clamp(high * grid.inverse, grid.low, grid.high))),
        offset(hn::Set(Ints(), grid.offset)) {}
};

// A vector of elements at i; the lanes in doubt.
template <typename Sum, typename T, typename Rounder>
HWY_INLINE hn::Mask<Floats> StoreAt(std::size_t i, const Sum* sums, const float* multiplier,
                                    const float* bias, const Before& by, const Rounder& rounder,
                                    T* out) {
  const Floats f;
  const Vector product = hn::Mul(LoadSums(sums + i), hn::LoadU(f, multiplier + i));
  const Vector y = hn::Add(product, hn::LoadU(f, bias + i));
  const Vector ratio = hn::Min(hn::Max(hn::Mul(y, by.inverse), by.least), by.most);
  hn::Vec<Ints> integer;
  const auto doubts = rounder.Round(ratio, integer);
  const hn::Rebind<T, Floats> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::Add(integer, by.offset)), bytes, out + i);
  return doubts;
}

// Whole vectors, the last one over elements that were done already; count >= kStep.
template <typename Sum, typename T, typename Rounder>
HWY_INLINE bool StoreAll(const Sum* sums, const float* multiplier, const float* bias,
                         const Before by, const Rounder rounder, T* out, std::size_t count) {
  auto doubts = StoreAt(count - kStep, sums, multiplier, bias, by, rounder, out);
  for (std::size_t i = 0; i + kStep <= count; i += kStep)
    doubts = hn::Or(doubts, StoreAt(i, sums, multiplier, bias, by, rounder, out));
  return hn::AllFalse(Floats(), doubts);
}

template <typename Sum, typename T>
HWY_INLINE bool Store(const Sum* sums, const float* multiplier, const float* bias, float low,
                      float high, const ByteGrid& grid, T* out, std::size_t count) {
  const Before by(low, high, grid);
  if (grid.even) return StoreAll(sums, multiplier, bias, by, Nearest(grid), out, count);
  if constexpr (kStep == ByteGrid::kOctaves)
    return StoreAll(sums, multiplier, bias, by, ByOctave(grid), out, count);
  return false;
}

template <typename Sum>
HWY_INLINE bool StoreBytes(const Sum* sums, const float* multiplier, const float* bias, float low,
                           float high, const ByteGrid& grid, void* out, std::size_t count) {
  if (grid.dtype == DType::kUint8)
    return Store(sums, multiplier, bias, low, high, grid, static_cast<std::uint8_t*>(out), count);
  return Store(sums, multiplier, bias, low, high, grid, static_cast<std::int8_t*>(out), count);
}

bool StoreInts(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
               float high, const ByteGrid& grid, void* out, std::size_t count) {
  return StoreBytes(sums, multiplier, bias, low, high, grid, out, count);
}
bool StoreFloats(const float* sums, const float* multiplier, const float* bias, float low,
                 float high, const ByteGrid& grid, void* out, std::size_t count) {
  return StoreBytes(sums, multiplier, bias, low, high, grid, out, count);
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(StoreInts);
HWY_EXPORT(StoreFloats);

bool AffineToBytes(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count) {
  if (count < kLanes) return false;
  return HWY_DYNAMIC_DISPATCH(StoreInts)(sums, multiplier, bias, low, high, grid, out, count);
}
bool AffineToBytes(const float* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count) {
  if (count < kLanes) return false;
  return HWY_DYNAMIC_DISPATCH(StoreFloats)(sums, multiplier, bias, low, high, grid, out, count);
}

}  // namespace bw::kernels
#endif
