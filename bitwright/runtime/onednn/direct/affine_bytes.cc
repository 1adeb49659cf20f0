#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/affine_bytes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "bitwright/runtime/onednn/direct/round_bytes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

HWY_INLINE Vector LoadSums(const float* sums) { return hn::LoadU(Floats(), sums); }
HWY_INLINE Vector LoadSums(const std::int32_t* sums) {
  return hn::ConvertTo(Floats(), hn::LoadU(Ints(), sums));
}

// Elements that are settled by the law together when one of them is in doubt.
constexpr std::size_t kGroup = 4 * kLanes;

template <typename Sum>
HWY_NOINLINE void Settle(const Sum* sums, const float* multiplier, const float* bias, float low,
                         float high, const ByteGrid& grid, std::uint8_t* out, std::size_t count) {
  float y[kGroup];
  kernels::Affine(sums, multiplier, bias, y, count);
  SettleBytes(y, low, high, grid, out, count);
}

// Whole vectors, the last one over elements that were done already; kStep <= count <= kGroup.
template <typename Sum, typename Rounder>
HWY_INLINE bool StoreGroup(const Sum* sums, const float* multiplier, const float* bias,
                           const ByteRounding<Rounder>& rounding, std::uint8_t* out,
                           std::size_t count) {
  Vector off = hn::Zero(Floats());
  const auto store = [&](std::size_t i) HWY_ATTR {
    const Vector y = Affine(LoadSums(sums + i), multiplier + i, bias + i);
    StoreLowBytes(rounding.Round(y, off), out + i);
  };
  if (count % kStep != 0) store(count - kStep);
  for (std::size_t i = 0; i + kStep <= count; i += kStep) store(i);
  return !rounding.InDoubt(off);
}

template <typename Rounder, typename Sum>
HWY_INLINE void StoreAll(const Sum* sums, const float* multiplier, const float* bias, float low,
                         float high, const ByteGrid& grid, std::uint8_t* out, std::size_t count) {
  const ByteRounding<Rounder> rounding(low, high, grid);
  for (std::size_t i = 0; i < count;) {
    // The last group takes what would be too short for one of its own.
    std::size_t group = std::min(kGroup, count - i);
    if (group < kStep) {
      i -= kStep - group;
      group = kStep;
    }
    if (!StoreGroup(sums + i, multiplier + i, bias + i, rounding, out + i, group))
      Settle(sums + i, multiplier + i, bias + i, low, high, grid, out + i, group);
    i += group;
  }
}

template <typename Sum>
HWY_INLINE void StoreBytes(const Sum* sums, const float* multiplier, const float* bias, float low,
                           float high, const ByteGrid& grid, std::uint8_t* out, std::size_t count) {
  WithRounder(grid, [&]<typename Rounder>() HWY_ATTR {
    StoreAll<Rounder>(sums, multiplier, bias, low, high, grid, out, count);
  });
}

void StoreInts(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
               float high, const ByteGrid& grid, std::uint8_t* out, std::size_t count) {
  StoreBytes(sums, multiplier, bias, low, high, grid, out, count);
}
void StoreFloats(const float* sums, const float* multiplier, const float* bias, float low,
                 float high, const ByteGrid& grid, std::uint8_t* out, std::size_t count) {
  StoreBytes(sums, multiplier, bias, low, high, grid, out, count);
}
bool HasOctaves() { return HWY_TARGET <= HWY_AVX3; }

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(StoreInts);
HWY_EXPORT(StoreFloats);
HWY_EXPORT(HasOctaves);

bool RoundsInVectors(const ByteGrid& grid) {
  return grid.even || HWY_DYNAMIC_DISPATCH(HasOctaves)();
}

bool AffineToBytes(const std::int32_t* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count) {
  if (count < kLanes || !RoundsInVectors(grid)) return false;
  HWY_DYNAMIC_DISPATCH(StoreInts)
  (sums, multiplier, bias, low, high, grid, static_cast<std::uint8_t*>(out), count);
  return true;
}
bool AffineToBytes(const float* sums, const float* multiplier, const float* bias, float low,
                   float high, const ByteGrid& grid, void* out, std::size_t count) {
  if (count < kLanes || !RoundsInVectors(grid)) return false;
  HWY_DYNAMIC_DISPATCH(StoreFloats)
  (sums, multiplier, bias, low, high, grid, static_cast<std::uint8_t*>(out), count);
  return true;
}

}  // namespace bw::kernels
#endif
