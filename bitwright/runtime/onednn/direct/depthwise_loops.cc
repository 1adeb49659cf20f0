#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/depthwise_loops.cc"
#include "bitwright/runtime/onednn/direct/depthwise_loops.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "bitwright/runtime/onednn/direct/depthwise_quads-inl.h"
#include "bitwright/runtime/onednn/direct/round_bytes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

constexpr std::size_t kParts = kLanes / kStep;  // vectors that hold kLanes floats

HWY_INLINE Vector Load(const float* x, Vector) { return hn::LoadU(Floats(), x); }
template <typename Byte>
HWY_INLINE Vector Load(const Byte* x, Vector offset) {
  const hn::Rebind<Byte, Floats> bytes;
  const hn::Rebind<std::int32_t, Floats> ints;
  const auto wide = hn::PromoteTo(ints, hn::LoadU(bytes, x));
  return hn::Sub(hn::ConvertTo(Floats(), wide), offset);
}

// Sums of integers are exact however they are rounded.
HWY_INLINE Vector Accumulate(const float*, Vector sum, Vector w, Vector x) {
  return hn::Add(sum, hn::Mul(w, x));
}
template <typename Byte>
HWY_INLINE Vector Accumulate(const Byte*, Vector sum, Vector w, Vector x) {
  return hn::MulAdd(w, x, sum);
}

// Behind the sums of floats.
struct FinishSums {
  const Finish& to;
  Vector low, high;

  explicit FinishSums(const Finish& finish)
      : to(finish), low(hn::Set(Floats(), finish.low)), high(hn::Set(Floats(), finish.high)) {}
  HWY_INLINE Vector Start(std::size_t channel) const {
    return hn::LoadU(Floats(), to.bias + channel);
  }
  HWY_INLINE void Put(Vector sum, std::size_t, std::size_t at) const {
    if (to.addend != nullptr) sum = hn::Add(sum, hn::LoadU(Floats(), to.addend + at));
    hn::StoreU(hn::Min(hn::Max(sum, low), high), Floats(), to.y + at);
  }
};

struct KeepSums {
  float* y;

  HWY_INLINE Vector Start(std::size_t) const { return hn::Zero(Floats()); }
  HWY_INLINE void Put(Vector sum, std::size_t, std::size_t at) const {
    hn::StoreU(sum, Floats(), y + at);
  }
  template <std::size_t kPixels>
  HWY_INLINE void PutAll(const Vector (&sums)[kPixels], std::size_t, std::size_t at,
                         std::size_t step) const {
    HWY_UNROLL(16)
    for (std::size_t p = 0; p < kPixels; ++p) hn::StoreU(sums[p], Floats(), y + at + p * step);
  }
};

HWY_NOINLINE void Settle(Vector y, RoundTo to, std::size_t at) {
  float values[kStep];
  hn::StoreU(y, Floats(), values);
  SettleBytes(values, to.low, to.high, *to.grid, to.y + at, kStep);
}

// Nobody else knows its address, so that what is stored cannot change it.
template <typename Rounder>
class RoundSums {
 public:
  explicit RoundSums(const RoundTo& to) : to_(to), rounding_(to.low, to.high, *to.grid) {}

  HWY_INLINE Vector Start(std::size_t) const { return hn::Zero(Floats()); }
  HWY_INLINE void Put(Vector sum, std::size_t channel, std::size_t at) const {
    Vector off = hn::Zero(Floats());
    const Vector y = Affine(sum, to_.multiplier + channel, to_.bias + channel);
    StoreLowBytes(rounding_.Round(y, off), to_.y + at);
    if (rounding_.InDoubt(off)) Settle(y, to_, at);
  }
  // Of the same channels of pixels that lie `step` apart.
  template <std::size_t kPixels>
  HWY_INLINE void PutAll(const Vector (&sums)[kPixels], std::size_t channel, std::size_t at,
                         std::size_t step) const {
    Vector off = hn::Zero(Floats());
    const Vector multiplier = hn::LoadU(Floats(), to_.multiplier + channel);
    const Vector bias = hn::LoadU(Floats(), to_.bias + channel);
    std::uint8_t* y = to_.y + at;
    HWY_UNROLL(16)
    for (std::size_t p = 0; p < kPixels; ++p) {
      const Vector value = hn::Add(hn::Mul(sums[p], multiplier), bias);
      StoreLowBytes(rounding_.Round(value, off), y + p * step);
    }
    if (!rounding_.InDoubt(off)) return;
    HWY_UNROLL(16)
    for (std::size_t p = 0; p < kPixels; ++p)
      Settle(hn::Add(hn::Mul(sums[p], multiplier), bias), to_, at + p * step);
  }

 private:
  RoundTo to_;
  ByteRounding<Rounder> rounding_;
};

template <std::size_t kPixels, std::size_t kVectors>
using Sums = Vector[kPixels][kVectors];

// One row of taps, each pixel's elements loaded for itself.
template <std::size_t kPixels, std::size_t kVectors, typename X>
HWY_INLINE void AddRow(const Taps& taps, std::size_t step, Vector offset, const X* x,
                       const float* w, Sums<kPixels, kVectors>& sums) {
  for (std::size_t c = 0; c < taps.columns;
       ++c, x += taps.column_step, w += taps.weight_column_step) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector weight = hn::LoadU(Floats(), w + v * kStep);
      for (std::size_t p = 0; p < kPixels; ++p) {
        sums[p][v] = Accumulate(x, sums[p][v], weight, Load(x + p * step + v * kStep, offset));
      }
    }
  }
}

// Three taps side by side under pixels side by side: what one pixel loads serves its neighbours.
template <std::size_t kPixels, std::size_t kVectors, typename X>
HWY_INLINE void AddThree(const Taps& taps, std::size_t step, Vector offset, const X* x,
                         const float* w, Sums<kPixels, kVectors>& sums) {
  for (std::size_t v = 0; v < kVectors; ++v, x += kStep, w += kStep) {
    const Vector first = hn::LoadU(Floats(), w);
    const Vector second = hn::LoadU(Floats(), w + taps.weight_column_step);
    const Vector third = hn::LoadU(Floats(), w + 2 * taps.weight_column_step);
    Vector a = Load(x, offset), b = Load(x + step, offset);
    for (std::size_t p = 0; p < kPixels; ++p) {
      const Vector c = Load(x + (p + 2) * step, offset);
      sums[p][v] = Accumulate(x, sums[p][v], first, a);
      sums[p][v] = Accumulate(x, sums[p][v], second, b);
      sums[p][v] = Accumulate(x, sums[p][v], third, c);
      a = b;
      b = c;
    }
  }
}

// kPixels pixels of kVectors * kStep channels.
template <std::size_t kPixels, std::size_t kVectors, typename X, typename Behind>
HWY_INLINE void SumCells(const Taps& taps, const Pixels<X>& pixels, const Behind& behind,
                         std::size_t first, std::size_t channel) {
  const Vector offset = hn::Set(Floats(), pixels.offset);
  Sums<kPixels, kVectors> sums;
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) sums[p][v] = behind.Start(channel + v * kStep);
  }
  const X* x = pixels.x + first * pixels.x_step + channel;
  const float* w = taps.weights + channel;
  const bool side_by_side = taps.columns == 3 && taps.column_step == pixels.x_step;
  for (std::size_t r = 0; r < taps.rows; ++r, x += taps.row_step, w += taps.weight_row_step) {
    if (kPixels > 1 && side_by_side)
      AddThree<kPixels, kVectors>(taps, pixels.x_step, offset, x, w, sums);
    else
      AddRow<kPixels, kVectors>(taps, pixels.x_step, offset, x, w, sums);
  }
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = channel + v * kStep;
      behind.Put(sums[p][v], at, (first + p) * pixels.y_step + at);
    }
  }
}

// kPixels pixels of all channels; the last vectors may overlap those before.
template <std::size_t kPixels, std::size_t kVectors, typename X, typename Behind>
HWY_INLINE void SumChannels(const Taps& taps, const Pixels<X>& pixels, const Behind& behind,
                            std::size_t first) {
  std::size_t channel = 0;
  for (; channel + kVectors * kStep <= taps.lanes; channel += kVectors * kStep)
    SumCells<kPixels, kVectors>(taps, pixels, behind, first, channel);
  for (; channel + kStep <= taps.lanes; channel += kStep)
    SumCells<kPixels, 1>(taps, pixels, behind, first, channel);
  if (channel < taps.lanes) SumCells<kPixels, 1>(taps, pixels, behind, first, taps.lanes - kStep);
}

template <typename X, typename Behind>
HWY_INLINE void SumAll(const Taps& taps, const Pixels<X>& pixels, const Behind& behind) {
#if HWY_TARGET <= HWY_AVX3_DL
  if constexpr (sizeof(X) == 1) {
    if (taps.quads != nullptr) return SumAllQuads(taps, pixels, behind);
  }
#endif
  std::size_t p = 0;
  for (; p + 8 <= pixels.count; p += 8) SumChannels<8, 1>(taps, pixels, behind, p);
  for (; p + 4 <= pixels.count; p += 4) SumChannels<4, 2>(taps, pixels, behind, p);
  for (; p < pixels.count; ++p) SumChannels<1, 4>(taps, pixels, behind, p);
}

// Copies of what stores to y could reach.
void SumFloats(const Taps& taps, const Pixels<float>& pixels, const Finish& finish) {
  const Finish own = finish;
  SumAll(Taps(taps), Pixels<float>(pixels), FinishSums(own));
}
void SumUint8s(const Taps& taps, const Pixels<std::uint8_t>& pixels, const Keep& keep) {
  SumAll(Taps(taps), Pixels<std::uint8_t>(pixels), KeepSums{keep.y});
}
void SumInt8s(const Taps& taps, const Pixels<std::int8_t>& pixels, const Keep& keep) {
  SumAll(Taps(taps), Pixels<std::int8_t>(pixels), KeepSums{keep.y});
}

template <typename Byte>
HWY_INLINE void RoundAll(const Taps& taps, const Pixels<Byte>& pixels, const RoundTo& to) {
  WithRounder(*to.grid, [&]<typename Rounder>() HWY_ATTR {
    SumAll(Taps(taps), Pixels<Byte>(pixels), RoundSums<Rounder>(to));
  });
}
void RoundUint8s(const Taps& taps, const Pixels<std::uint8_t>& pixels, const RoundTo& to) {
  RoundAll(taps, pixels, to);
}
void RoundInt8s(const Taps& taps, const Pixels<std::int8_t>& pixels, const RoundTo& to) {
  RoundAll(taps, pixels, to);
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(SumFloats);
HWY_EXPORT(SumUint8s);
HWY_EXPORT(SumInt8s);
HWY_EXPORT(RoundUint8s);
HWY_EXPORT(RoundInt8s);

void SumPixels(const Taps& taps, const Pixels<float>& pixels, const Finish& finish) {
  HWY_DYNAMIC_DISPATCH(SumFloats)(taps, pixels, finish);
}
void SumPixels(const Taps& taps, const Pixels<std::uint8_t>& pixels, const Keep& keep) {
  HWY_DYNAMIC_DISPATCH(SumUint8s)(taps, pixels, keep);
}
void SumPixels(const Taps& taps, const Pixels<std::int8_t>& pixels, const Keep& keep) {
  HWY_DYNAMIC_DISPATCH(SumInt8s)(taps, pixels, keep);
}
void SumPixels(const Taps& taps, const Pixels<std::uint8_t>& pixels, const RoundTo& to) {
  HWY_DYNAMIC_DISPATCH(RoundUint8s)(taps, pixels, to);
}
void SumPixels(const Taps& taps, const Pixels<std::int8_t>& pixels, const RoundTo& to) {
  HWY_DYNAMIC_DISPATCH(RoundInt8s)(taps, pixels, to);
}

}  // namespace bw::kernels
#endif
