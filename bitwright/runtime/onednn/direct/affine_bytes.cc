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

// What is done to every sum. Products with `inverse` rise with y, so that bounds of y are bounds of
// the ratio, within those of the grid.
struct Rounding {
  Vector inverse, least, most;
  Vector doubt;  // so far from its integer a ratio may lie beyond a tie
  hn::Vec<Ints> offset;

  Rounding(float low, float high, const UniformGrid& grid) {
    const Floats f;
    inverse = hn::Set(f, grid.inverse);
    least = hn::Set(f, std::clamp(low * grid.inverse, grid.low, grid.high));
    most = hn::Set(f, std::clamp(high * grid.inverse, grid.low, grid.high));
    // A ratio is off by less than 2^-22 of itself.
    const double greatest = std::max(std::abs(grid.low), std::abs(grid.high));
    doubt = hn::Set(f, std::nextafter(static_cast<float>(0.5 - 0x1p-22 * greatest), 0.0F));
    offset = hn::Set(Ints(), grid.offset);
  }
};

HWY_INLINE Vector LoadSums(const float* sums) { return hn::LoadU(Floats(), sums); }
HWY_INLINE Vector LoadSums(const std::int32_t* sums) {
  return hn::ConvertTo(Floats(), hn::LoadU(Ints(), sums));
}

// A vector of elements at i; the lanes in doubt.
template <typename Sum, typename T>
HWY_INLINE hn::Mask<Floats> StoreAt(std::size_t i, const Sum* sums, const float* multiplier,
                                    const float* bias, const Rounding& by, T* out) {
  const Floats f;
  const Vector product = hn::Mul(LoadSums(sums + i), hn::LoadU(f, multiplier + i));
  const Vector y = hn::Add(product, hn::LoadU(f, bias + i));
  const Vector inside = hn::Min(hn::Max(hn::Mul(y, by.inverse), by.least), by.most);
  const auto nearest = hn::NearestInt(inside);
  const hn::Rebind<T, Floats> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::Add(nearest, by.offset)), bytes, out + i);
  return hn::Ge(hn::Abs(hn::Sub(inside, hn::ConvertTo(f, nearest))), by.doubt);
}

// Whole vectors, the last one over elements that were done already; count >= kStep.
template <typename Sum, typename T>
HWY_INLINE bool StoreAll(const Sum* sums, const float* multiplier, const float* bias,
                         const Rounding by, T* out, std::size_t count) {
  auto doubts = StoreAt(count - kStep, sums, multiplier, bias, by, out);
  for (std::size_t i = 0; i + kStep <= count; i += kStep)
    doubts = hn::Or(doubts, StoreAt(i, sums, multiplier, bias, by, out));
  return hn::AllFalse(Floats(), doubts);
}

template <typename Sum>
HWY_INLINE bool Store(const Sum* sums, const float* multiplier, const float* bias, float low,
                      float high, const UniformGrid& grid, DType dtype, void* out,
                      std::size_t count) {
  const Rounding by(low, high, grid);
  if (dtype == DType::kUint8)
    return StoreAll(sums, multiplier, bias, by, static_cast<std::uint8_t*>(out), count);
  return StoreAll(sums, multiplier, bias, by, static_cast<std::int8_t*>(out), count);
}

bool StoreInts(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
               float high, const UniformGrid& grid, DType dtype, void* out, std::size_t count) {
  return Store(sums, multiplier, bias, low, high, grid, dtype, out, count);
}
bool StoreFloats(const float* sums, const float* multiplier, const float* bias, float low,
                 float high, const UniformGrid& grid, DType dtype, void* out, std::size_t count) {
  return Store(sums, multiplier, bias, low, high, grid, dtype, out, count);
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(StoreInts);
HWY_EXPORT(StoreFloats);

bool AffineToBytes(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
                   float high, const UniformGrid& grid, DType dtype, void* out, std::size_t count) {
  if (count < kLanes) return false;
  return HWY_DYNAMIC_DISPATCH(StoreInts)(sums, multiplier, bias, low, high, grid, dtype, out,
                                         count);
}
bool AffineToBytes(const float* sums, const float* multiplier, const float* bias, float low,
                   float high, const UniformGrid& grid, DType dtype, void* out, std::size_t count) {
  if (count < kLanes) return false;
  return HWY_DYNAMIC_DISPATCH(StoreFloats)(sums, multiplier, bias, low, high, grid, dtype, out,
                                           count);
}

}  // namespace bw::kernels
#endif
