#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/tflite_round.cc"
#include "bitwright/runtime/onednn/direct/tflite_round.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "bitwright/runtime/onednn/vector.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanes>;
constexpr std::size_t kStep = hn::MaxLanes(Floats());

// Beyond 1024 every code is saturated. What is cut off is exact, so that a half is told from less.
template <typename T>
HWY_INLINE void RoundAt(const float* x, const CodeScale& codes, T* y) {
  const Floats f;
  const hn::Rebind<std::int32_t, Floats> ints;
  const hn::Rebind<T, Floats> bytes;
  const auto ratio = hn::Div(hn::LoadU(f, x), hn::Set(f, codes.scale));
  const auto number = hn::IfThenElseZero(hn::Eq(ratio, ratio), ratio);
  const auto inside = hn::Min(hn::Max(number, hn::Set(f, -1024.0F)), hn::Set(f, 1024.0F));
  const auto whole = hn::ConvertTo(ints, inside);
  const auto rest = hn::Sub(inside, hn::ConvertTo(f, whole));
  const auto one = hn::Set(ints, 1), none = hn::Zero(ints);
  const auto up = hn::IfThenElse(hn::RebindMask(ints, hn::Ge(rest, hn::Set(f, 0.5F))), one, none);
  const auto down =
      hn::IfThenElse(hn::RebindMask(ints, hn::Le(rest, hn::Set(f, -0.5F))), one, none);
  const auto code = hn::Add(hn::Sub(hn::Add(whole, up), down), hn::Set(ints, codes.zero));
  const auto least = hn::Max(code, hn::Set(ints, codes.low));
  const auto most = hn::Min(least, hn::Set(ints, codes.low + 255));
  hn::StoreU(hn::DemoteTo(bytes, most), bytes, y);
}

template <typename T>
HWY_INLINE void RoundAll(const float* x, const CodeScale& codes, T* y, std::size_t count) {
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) RoundAt(x + i, codes, y + i);
  if (i == count) return;
  float rest[kLanes] = {};
  T rounded[kLanes];
  std::copy(x + i, x + count, rest);
  RoundAt(rest, codes, rounded);
  std::copy(rounded, rounded + (count - i), y + i);
}

void Round(const float* x, const CodeScale& codes, DType dtype, void* y, std::size_t count) {
  if (dtype == DType::kUint8)
    RoundAll(x, codes, static_cast<std::uint8_t*>(y), count);
  else
    RoundAll(x, codes, static_cast<std::int8_t*>(y), count);
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(Round);

void RoundToCodes(const float* x, const CodeScale& codes, DType dtype, void* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(Round)(x, codes, dtype, y, count);
}

}  // namespace bw::kernels
#endif
