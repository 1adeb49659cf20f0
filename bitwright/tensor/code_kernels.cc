#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/tensor/code_kernels.cc"
#include "bitwright/tensor/code_kernels.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

// GCC takes the undefined operand inside its own intrinsics for a mistake of ours (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include "bitwright/tensor/decode_kernels-inl.h"
#include "bitwright/tensor/float_kernels-inl.h"
#include "bitwright/tensor/region_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
constexpr std::size_t kBlock = 64;

void DecodeTail(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
                std::int32_t zero, float* out) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    out[i] = scale * (table.values[codes[i]] - static_cast<float>(zero));
  }
}

void Decode(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
            std::int32_t zero, float* out) {
  std::size_t done = 0;
#if HWY_TARGET <= HWY_AVX3_DL
  done = codes.size() / kBlock * kBlock;
  DecodeBlocks(table, codes.first(done), scale, zero, out);
#elif HWY_TARGET <= HWY_AVX2
  const hn::ScalableTag<float> f;
  const hn::RebindToSigned<decltype(f)> i;
  const hn::Rebind<std::uint8_t, decltype(f)> b;
  const std::size_t lanes = hn::Lanes(f);
  for (; done + lanes <= codes.size(); done += lanes) {
    const auto index = hn::PromoteTo(i, hn::LoadU(b, codes.data() + done));
    const auto value = hn::GatherIndex(f, table.values, index);
    const auto shifted = hn::Sub(value, hn::Set(f, static_cast<float>(zero)));
    hn::StoreU(hn::Mul(hn::Set(f, scale), shifted), f, out + done);
  }
#endif
  DecodeTail(table, codes.subspan(done), scale, zero, out + done);
}

void EncodeOneByOne(const CodeTable& table, std::span<const float> x, float scale,
                    std::int32_t zero, bool symmetric, std::uint8_t* codes) {
  if (symmetric && !table.bucket_codes.empty()) {
    for (std::size_t i = 0; i < x.size(); ++i) codes[i] = EncodeByBucket(table, x[i], scale);
    return;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    codes[i] = EncodeByLaw(table, x[i], scale, zero, symmetric);
  }
}

#if HWY_TARGET <= HWY_AVX2
// Codes of a uniform format: the low byte of the sum with the magic number is the step.
void EncodeUniform(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
                   bool symmetric, std::uint8_t* codes) {
  const hn::ScalableTag<float> f;
  const hn::RebindToSigned<decltype(f)> d;
  const hn::Rebind<std::uint8_t, decltype(f)> b;
  const std::size_t lanes = hn::Lanes(f);
  const float inverse = 1.0f / scale;
  const auto below = hn::Set(f, inverse * kBelow), above = hn::Set(f, inverse * kAbove);
  const auto magic = hn::Set(f, table.fast.magic), offset = hn::Set(f, table.fast.offset);
  const auto step_zero = hn::BitCast(d, magic);
  const auto least = hn::Set(d, static_cast<std::int32_t>(table.least_step));
  const auto most = hn::Set(d, static_cast<std::int32_t>(table.most_step));
  const auto near_zero = hn::Set(f, table.fast.offset == 0 ? 0.0f : kNearZero);
  const auto byte = hn::Set(d, 255);
  std::size_t done = 0;
  for (; done + lanes <= x.size(); done += lanes) {
    const auto value = hn::LoadU(f, x.data() + done);
    const auto low = hn::Add(hn::MulSub(value, below, offset), magic);
    const auto high = hn::Add(hn::MulSub(value, above, offset), magic);
    const auto certain =
        hn::And(hn::Eq(low, high), hn::Ge(hn::Abs(hn::Mul(value, below)), near_zero));
    if (HWY_UNLIKELY(!hn::AllTrue(f, certain))) {
      EncodeOneByOne(table, x.subspan(done, lanes), scale, zero, symmetric, codes + done);
      continue;
    }
    const auto moved = hn::Add(hn::Sub(hn::BitCast(d, low), step_zero), hn::Set(d, zero));
    const auto step = hn::And(hn::Min(hn::Max(moved, least), most), byte);
    HWY_ALIGN std::uint8_t steps[hn::MaxLanes(hn::ScalableTag<float>())];
    hn::Store(hn::U8FromU32(hn::BitCast(hn::RebindToUnsigned<decltype(d)>(), step)), b, steps);
    for (std::size_t i = 0; i < lanes; ++i) codes[done + i] = table.code_of_step[steps[i]];
  }
  EncodeOneByOne(table, x.subspan(done), scale, zero, symmetric, codes + done);
}
#endif

void Encode(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
            bool symmetric, std::uint8_t* codes) {
  const bool fits = scale >= kLeastFastScale && scale <= kMostFastScale;
#if HWY_TARGET <= HWY_AVX3_DL
  if (fits && EncodeBlocks(table, x, scale, zero, symmetric, codes)) return;
#elif HWY_TARGET <= HWY_AVX2
  if (fits && table.fast.kind == FloatRound::Kind::kUniform) {
    return EncodeUniform(table, x, scale, zero, symmetric, codes);
  }
#endif
  (void)fits;
  EncodeOneByOne(table, x, scale, zero, symmetric, codes);
}

#if HWY_TARGET <= HWY_AVX3_DL
// Whether bounds are faster than rounding in float, or the latter often uncertain.
bool ByBounds(const CodeTable& table) {
  using Kind = FloatRound::Kind;
  const FloatRound& fast = table.fast;
  if (table.bounds.kind == BoundTable::Kind::kNone) return false;
  if (fast.kind == Kind::kNone || fast.holes) return true;
  return fast.kind != Kind::kUniform && table.bounds.kind != BoundTable::Kind::kMagnitudes;
}
#endif

void Round(const CodeTable& table, std::span<const float> x, const float* scale, std::size_t step,
           std::int32_t zero, float* out) {
  if (x.empty()) return;
  const FloatRound& fast = table.fast;
  const bool fits = step == 1 || (*scale >= kLeastFastScale && *scale <= kMostFastScale);
  bool by_blocks = false;
#if HWY_TARGET <= HWY_AVX3_DL
  if (fits && step == 0 && zero == 0) {
    if (ByBounds(table)) return RoundBounded(table.bounds, x, *scale, out);
    by_blocks = table.regions.bucket_count > 0 || table.logs.usable || table.indices.gives_values ||
                table.gather.usable;
    const bool many_holes = fast.holes && (table.indices.gives_values || table.format.bits() < 8);
    if (by_blocks && (fast.kind == FloatRound::Kind::kNone || many_holes)) {
      return RoundBlocks(table, x, *scale, out);
    }
  }
#endif
  if (!fits || fast.kind == FloatRound::Kind::kNone) {
    return RoundValues(table.exact, x, scale, step, zero, out);
  }
  RoundFloats({table, scale, step, zero, by_blocks}, x, out);
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(Encode);
HWY_EXPORT(Decode);
HWY_EXPORT(Round);

void EncodeRow(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
               bool symmetric, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(Encode)(table, x, scale, zero, symmetric, codes);
}

void DecodeRow(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
               std::int32_t zero, float* out) {
  HWY_DYNAMIC_DISPATCH(Decode)(table, codes, scale, zero, out);
}

void RoundRow(const CodeTable& table, std::span<const float> x, const float* scale,
              std::size_t step, std::int32_t zero, float* out) {
  HWY_DYNAMIC_DISPATCH(Round)(table, x, scale, step, zero, out);
}

RoundFunction::RoundFunction(const Format& format) {
  if (format.bits() <= 8) {
    codes_ = &CodeTableOf(format);
  } else {
    wide_ = &RoundTableOf(format);
  }
}

void RoundFunction::operator()(std::span<const float> x, const float* scale, std::size_t step,
                               std::int32_t zero, float* out) const {
  if (codes_ != nullptr) return RoundRow(*codes_, x, scale, step, zero, out);
  RoundValues(*wide_, x, scale, step, zero, out);
}

}  // namespace bw
#endif
