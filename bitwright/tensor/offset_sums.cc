#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/tensor/offset_sums.cc"
#include "bitwright/tensor/offset_sums.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <numeric>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Offsets = hn::ScalableTag<std::uint16_t>;
using Words = hn::RebindToSigned<Offsets>;
using Sums32 = hn::RepartitionToWide<Words>;

// So many offsets below 2^15 have a sum below 2^31.
constexpr std::size_t kMost = std::size_t{1} << 16;

// Reads up to a vector beyond the end.
OffsetSums SumPart(const std::uint16_t* offsets, std::size_t count, int from) {
  const Offsets d;
  const Words w;
  const Sums32 d32;
  const std::size_t lanes = hn::Lanes(d), whole = count / lanes * lanes;
  const auto bound = hn::Set(d, static_cast<std::uint16_t>(from));
  const auto before = hn::Set(w, static_cast<std::int16_t>(from - 1));
  auto excess = hn::Zero(d32), more = excess;
  std::size_t reached = 0;
  const auto add = [&](hn::Vec<Offsets> u) HWY_ATTR {
    reached += hn::CountTrue(w, hn::Gt(hn::BitCast(w, u), before));
    const auto above = hn::BitCast(w, hn::SaturatedSub(u, bound));
    excess = hn::ReorderWidenMulAccumulate(d32, above, hn::Set(w, 1), excess, more);
  };
  for (std::size_t i = 0; i < whole; i += lanes) add(hn::LoadU(d, offsets + i));
  const auto rest = hn::FirstN(d, count - whole);
  if (whole < count) add(hn::IfThenElseZero(rest, hn::LoadU(d, offsets + whole)));
  const double over = hn::GetLane(hn::SumOfLanes(d32, hn::Add(excess, more)));
  const auto weight = static_cast<double>(from == 0 ? count : reached);
  return {weight, over + weight * from};
}

// At most eight doubles, so that eight partial sums are whole vectors on every target.
constexpr std::size_t kSums = 8;
using Doubles = hn::CappedTag<double, kSums>;

// Element i goes to partial sum i % 8.
OffsetSums SumWeighted(std::span<const std::uint16_t> offsets, const float* weights, int from) {
  const Doubles d;
  const hn::Rebind<std::int32_t, Doubles> d32;
  const hn::Rebind<std::uint16_t, Doubles> d16;
  const hn::Rebind<float, Doubles> f;
  const std::size_t lanes = hn::Lanes(d), whole = offsets.size() / kSums * kSums;
  HWY_ALIGN double weight[kSums], first[kSums];
  for (std::size_t lane = 0; lane < kSums; lane += lanes) {
    auto sum0 = hn::Zero(d), sum1 = sum0;
    for (std::size_t i = lane; i < whole; i += kSums) {
      const auto u = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d16, offsets.data() + i)));
      const auto w = hn::PromoteTo(d, hn::LoadU(f, weights + i));
      const auto reached = hn::IfThenElseZero(hn::Ge(u, hn::Set(d, from)), w);
      sum0 = hn::Add(sum0, reached);
      sum1 = hn::Add(sum1, hn::Mul(reached, u));
    }
    hn::Store(sum0, d, weight + lane);
    hn::Store(sum1, d, first + lane);
  }
  for (std::size_t i = whole; i < offsets.size(); ++i) {
    const double w = offsets[i] >= from ? static_cast<double>(weights[i]) : 0.0;
    weight[i - whole] += w;
    first[i - whole] += w * offsets[i];
  }
  return {std::accumulate(weight, weight + kSums, 0.0), std::accumulate(first, first + kSums, 0.0)};
}

OffsetSums Sum(std::span<const std::uint16_t> offsets, const float* weights, int from) {
  if (weights != nullptr) return SumWeighted(offsets, weights, from);
  OffsetSums sums;
  for (std::size_t i = 0; i < offsets.size(); i += kMost) {
    const OffsetSums part = SumPart(offsets.data() + i, std::min(kMost, offsets.size() - i), from);
    sums.weight += part.weight;
    sums.first += part.first;
  }
  return sums;
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(Sum);

OffsetSums SumsFrom(std::span<const std::uint16_t> offsets, const float* weights, int from) {
  return HWY_DYNAMIC_DISPATCH(Sum)(offsets, weights, from);
}

}  // namespace bw
#endif
