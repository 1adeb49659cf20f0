#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/tflite_codes.cc"
#include "bitwright/runtime/onednn/tflite_codes.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::CappedTag<double, TfliteCodes::kLanes>;
using Vector = hn::Vec<Doubles>;
constexpr std::size_t kStep = hn::MaxLanes(Doubles());

HWY_INLINE Vector Clamp(Vector x, double low, double high) {
  return hn::Min(hn::Max(x, hn::Set(Doubles(), low)), hn::Set(Doubles(), high));
}

// The law's arithmetic in doubles that are exact: a sum times 16 bits of the significand has 47
// bits, and floor((a * 2^16 + b) / 2^31) = floor((a + floor(b / 2^16)) / 2^15). Rounding to nearest
// with ties up is the floor of what is half more; ties away from zero need less than half below it.
// Beyond 512 every code is saturated.
HWY_INLINE Vector Code(Vector sum, const TfliteCodes::Channels& by, std::size_t i) {
  const Doubles d;
  const Vector sums = Clamp(hn::Add(sum, hn::LoadU(d, by.bias + i)), -0x1p31, 0x1p31 - 1);
  const Vector low = hn::Add(hn::Mul(sums, hn::LoadU(d, by.lower + i)), hn::Set(d, 0x1p30));
  const Vector carried = hn::Floor(hn::Mul(low, hn::Set(d, 0x1p-16)));
  const Vector high = hn::Add(hn::Mul(sums, hn::LoadU(d, by.upper + i)), carried);
  const Vector product = hn::Floor(hn::Mul(high, hn::Set(d, 0x1p-15)));
  const Vector quotient = Clamp(hn::Mul(product, hn::LoadU(d, by.power + i)), -512, 512);
  const Vector half =
      hn::IfThenElse(hn::Lt(quotient, hn::Zero(d)), hn::Set(d, 0.5 - 0x1p-33), hn::Set(d, 0.5));
  const Vector code = hn::Add(hn::Floor(hn::Add(quotient, half)), hn::Set(d, by.zero));
  return Clamp(code, by.low, by.high);
}

HWY_INLINE void TakeAt(const std::int32_t* sums, const TfliteCodes::Channels& by, std::size_t i,
                       std::int8_t* codes) {
  const hn::Rebind<std::int32_t, Doubles> ints;
  const hn::Rebind<std::int8_t, Doubles> bytes;
  const Vector sum = hn::PromoteTo(Doubles(), hn::LoadU(ints, sums + i));
  hn::StoreU(hn::DemoteTo(bytes, hn::DemoteTo(ints, Code(sum, by, i))), bytes, codes + i);
}

// Whole vectors, the last one over codes that were taken already; count >= kStep.
void TakePiece(const std::int32_t* sums, const TfliteCodes::Channels& by, std::int8_t* codes,
               std::size_t count) {
  const TfliteCodes::Channels own = by;
  for (std::size_t i = 0; i + kStep <= count; i += kStep) TakeAt(sums, own, i, codes);
  if (count % kStep != 0) TakeAt(sums, own, count - kStep, codes);
}

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(TakePiece);

TfliteCodes::TfliteCodes(ops::tflite::Requantizer law) : law_(std::move(law)) {
  constexpr std::size_t kPiece = 1024;
  const auto& multipliers = law_.multipliers();
  const std::size_t channels = multipliers.size();
  for (std::size_t i = 0; i < std::max<std::size_t>(1, kPiece / channels) * channels; ++i) {
    const ops::tflite::Multiplier& by = multipliers[i % channels];
    bias_.push_back(law_.biases()[i % channels]);
    upper_.push_back(by.significand >> 16);
    lower_.push_back(by.significand & 0xffff);
    power_.push_back(std::ldexp(1.0, by.exponent));
    shifts_right_ = shifts_right_ && by.exponent <= 0;
  }
}

void TfliteCodes::Take(const std::int32_t* sums, std::size_t pixels, std::int8_t* codes) const {
  const std::size_t channels = law_.multipliers().size(), count = pixels * channels;
  const Channels by{bias_.data(),
                    upper_.data(),
                    lower_.data(),
                    power_.data(),
                    static_cast<double>(law_.zero()),
                    static_cast<double>(law_.range().low),
                    static_cast<double>(law_.range().high)};
  for (std::size_t first = 0; first < count; first += bias_.size()) {
    const std::size_t piece = std::min(bias_.size(), count - first);
    if (shifts_right_ && piece >= kLanes) {
      HWY_DYNAMIC_DISPATCH(TakePiece)(sums + first, by, codes + first, piece);
      continue;
    }
    for (std::size_t i = first; i < first + piece; ++i)
      codes[i] = law_(static_cast<std::int64_t>(i % channels), sums[i]);
  }
}

}  // namespace bw::kernels
#endif
