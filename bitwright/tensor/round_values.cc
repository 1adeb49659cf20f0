#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/tensor/round_values.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "bitwright/tensor/round_table.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::ScalableTag<double>;
using Floats = hn::Rebind<float, Doubles>;

// What one call of a kernel works on.
struct Job {
  const RoundTable& table;
  const float* scale;
  std::size_t step;
  std::int32_t zero;
};

// The ratio x / scale in double, NaN replaced and clamped to the values.
HWY_INLINE hn::Vec<Doubles> Ratio(const Job& job, hn::Vec<Floats> x, hn::Vec<Floats> scale) {
  const Doubles d;
  const auto y = hn::Div(hn::PromoteTo(d, x), hn::PromoteTo(d, scale));
  const double zero = job.zero;
  const auto number = hn::IfThenElse(hn::Eq(y, y), y, hn::Set(d, job.table.nan_value));
  return hn::Min(hn::Max(number, hn::Set(d, job.table.low - zero)),
                 hn::Set(d, job.table.high - zero));
}

// 2^exponent(y), at least least_power.
HWY_INLINE hn::Vec<Doubles> Power(const Job& job, hn::Vec<Doubles> y) {
  const Doubles d;
  const auto mask = hn::BitCast(d, hn::Set(hn::RebindToUnsigned<Doubles>(), 0x7ff0'0000'0000'0000));
  return hn::Max(hn::And(y, mask), hn::Set(d, job.table.least_power));
}

// Looks up the magic of y's exponent and takes the ulp off y that its last bit asks for.
HWY_INLINE hn::Vec<Doubles> MagicByExponent(const Job& job, hn::Vec<Doubles>& y) {
  const Doubles d;
  const hn::RebindToSigned<Doubles> i;
  const auto least = hn::BitCast(i, hn::Set(d, job.table.least_power));
  const auto index = hn::ShiftRight<52>(hn::Sub(hn::BitCast(i, Power(job, y)), least));
  const auto bits = hn::BitCast(i, hn::GatherIndex(d, job.table.magics.data(), index));
  const auto odd = hn::Set(i, 1);
  y = hn::BitCast(d, hn::Sub(hn::BitCast(i, y), hn::And(bits, odd)));
  return hn::BitCast(d, hn::AndNot(odd, bits));
}

template <RoundTable::Kind kKind>
HWY_INLINE hn::Vec<Floats> RoundVector(const Job& job, hn::Vec<Floats> x, hn::Vec<Floats> scale) {
  auto y = Ratio(job, x, scale);
  auto magic = hn::Set(Doubles(), job.table.magic_factor);
  if constexpr (kKind == RoundTable::Kind::kGrid) magic = hn::Mul(magic, Power(job, y));
  if constexpr (kKind == RoundTable::Kind::kExponents) magic = MagicByExponent(job, y);
  return hn::Mul(scale, hn::DemoteTo(Floats(), hn::Sub(hn::Add(y, magic), magic)));
}

template <>
HWY_INLINE hn::Vec<Floats> RoundVector<RoundTable::Kind::kBuckets>(const Job& job,
                                                                   hn::Vec<Floats> x,
                                                                   hn::Vec<Floats> scale) {
  const Doubles d;
  const Floats f;
  HWY_ALIGN double ratios[hn::MaxLanes(Doubles())];
  HWY_ALIGN float rounded[hn::MaxLanes(Floats())];
  hn::Store(Ratio(job, x, scale), d, ratios);
  const RoundTable& table = job.table;
  const auto half = static_cast<std::int64_t>(table.buckets.size() / 2);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const auto bits = std::bit_cast<std::int64_t>(ratios[i]);
    std::int64_t key = (bits & 0x7fff'ffff'ffff'ffff) >> table.shift;
    key = std::min(std::max(key, table.first_key), table.last_key) - table.first_key;
    const RoundTable::Bucket& bucket =
        table.buckets[static_cast<std::size_t>(key + (bits >> 63 & half))];
    rounded[i] = ratios[i] >= bucket.threshold ? bucket.above : bucket.below;
  }
  return hn::Mul(scale, hn::Load(f, rounded));
}

template <RoundTable::Kind kKind>
void RoundAll(const Job& job, std::span<const float> x, float* out) {
  const Floats f;
  const std::size_t lanes = hn::Lanes(f);
  const auto one_scale = hn::Set(f, *job.scale);
  std::size_t i = 0;
  for (; i + lanes <= x.size(); i += lanes) {
    const auto scale = job.step == 0 ? one_scale : hn::LoadU(f, job.scale + i);
    hn::StoreU(RoundVector<kKind>(job, hn::LoadU(f, x.data() + i), scale), f, out + i);
  }
  if (i == x.size()) return;
  HWY_ALIGN float tail[hn::MaxLanes(Floats())] = {};
  HWY_ALIGN float scales[hn::MaxLanes(Floats())];
  const std::size_t rest = x.size() - i;
  std::memcpy(tail, x.data() + i, rest * sizeof(float));
  std::fill(scales, scales + lanes, *job.scale);
  if (job.step != 0) std::memcpy(scales, job.scale + i, rest * sizeof(float));
  hn::Store(RoundVector<kKind>(job, hn::Load(f, tail), hn::Load(f, scales)), f, tail);
  std::memcpy(out + i, tail, rest * sizeof(float));
}

void RoundByKind(const RoundTable& table, std::span<const float> x, const float* scale,
                 std::size_t step, std::int32_t zero, float* out) {
  const Job job{table, scale, step, zero};
  switch (table.kind) {
    case RoundTable::Kind::kUniform:
      return RoundAll<RoundTable::Kind::kUniform>(job, x, out);
    case RoundTable::Kind::kGrid:
      return RoundAll<RoundTable::Kind::kGrid>(job, x, out);
    case RoundTable::Kind::kExponents:
      return RoundAll<RoundTable::Kind::kExponents>(job, x, out);
    case RoundTable::Kind::kBuckets:
      return RoundAll<RoundTable::Kind::kBuckets>(job, x, out);
  }
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(RoundByKind);

void RoundValues(const RoundTable& table, std::span<const float> x, const float* scale,
                 std::size_t step, std::int32_t zero, float* out) {
  if (x.empty()) return;
  HWY_DYNAMIC_DISPATCH(RoundByKind)(table, x, scale, step, zero, out);
}

}  // namespace bw
#endif
