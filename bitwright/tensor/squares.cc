#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/tensor/squares.cc"
#include "bitwright/tensor/squares.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
constexpr std::size_t kSums = 8;

// At most eight doubles, so that eight partial sums are whole vectors on every target.
using Doubles = hn::CappedTag<double, kSums>;
using Floats = hn::Rebind<float, Doubles>;

template <bool kWeights>
void AddSquares(std::span<const float> a, const float* b, const float* w, double* sums) {
  const Doubles d;
  const Floats f;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN double partial[kSums];
  for (std::size_t lane = 0; lane < kSums; lane += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t i = lane; i + lanes <= a.size(); i += kSums) {
      const auto x = hn::PromoteTo(d, hn::LoadU(f, a.data() + i));
      const auto difference = hn::Sub(x, hn::PromoteTo(d, hn::LoadU(f, b + i)));
      auto square = hn::Mul(difference, difference);
      if constexpr (kWeights) {
        square = hn::Mul(square, hn::PromoteTo(d, hn::LoadU(f, w + i)));
      }
      // x - x is NaN where x is not finite.
      const auto nothing = hn::Sub(x, x);
      sum = hn::Add(sum, hn::IfThenElseZero(hn::Eq(nothing, nothing), square));
    }
    hn::Store(sum, d, partial + lane);
  }
  std::copy(partial, partial + kSums, sums);
}

double Total(const double* sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

double Sum(std::span<const float> a, const float* b, const float* w) {
  double sums[kSums];
  const std::size_t whole = a.size() / kSums * kSums;
  if (w == nullptr) {
    AddSquares<false>(a.first(whole), b, w, sums);
  } else {
    AddSquares<true>(a.first(whole), b, w, sums);
  }
  for (std::size_t i = whole; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) continue;
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    const double square = difference * difference;
    sums[i - whole] += w == nullptr ? square : square * static_cast<double>(w[i]);
  }
  return Total(sums);
}

Moments MomentsOf(double middle, std::span<const float> x, const float* w) {
  const Doubles d;
  const Floats f;
  const std::size_t lanes = hn::Lanes(d), whole = x.size() / kSums * kSums;
  HWY_ALIGN double weight[kSums], first[kSums], second[kSums];
  for (std::size_t lane = 0; lane < kSums; lane += lanes) {
    auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0;
    for (std::size_t i = lane; i < whole; i += kSums) {
      const auto by = w == nullptr ? hn::Set(d, 1.0) : hn::PromoteTo(d, hn::LoadU(f, w + i));
      const auto value = hn::PromoteTo(d, hn::LoadU(f, x.data() + i));
      const auto offset = hn::Sub(value, hn::Set(d, middle));
      const auto weighted = hn::Mul(by, offset);
      sum0 = hn::Add(sum0, by);
      sum1 = hn::Add(sum1, weighted);
      sum2 = hn::Add(sum2, hn::Mul(weighted, offset));
    }
    hn::Store(sum0, d, weight + lane);
    hn::Store(sum1, d, first + lane);
    hn::Store(sum2, d, second + lane);
  }
  for (std::size_t i = whole; i < x.size(); ++i) {
    const double by = w == nullptr ? 1 : static_cast<double>(w[i]);
    const double offset = static_cast<double>(x[i]) - middle;
    weight[i - whole] += by;
    first[i - whole] += by * offset;
    second[i - whole] += by * offset * offset;
  }
  return {Total(weight), Total(first), Total(second)};
}

void MarkDifferent(const float* low, const float* high, std::size_t count,
                   std::span<std::uint64_t> differ) {
  const hn::CappedTag<float, 8> f;
  const std::size_t lanes = hn::Lanes(f);
  std::fill(differ.begin(), differ.end(), 0);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t bits = 0;
    for (std::size_t lane = 0; lane < 8; lane += lanes) {
      std::uint8_t mask[8] = {};
      const auto same = hn::Eq(hn::LoadU(f, low + i + lane), hn::LoadU(f, high + i + lane));
      hn::StoreMaskBits(f, same, mask);
      const std::uint64_t ones = (std::uint64_t{1} << lanes) - 1;
      bits |= (~std::uint64_t{mask[0]} & ones) << lane;
    }
    differ[i / 64] |= bits << i % 64;
  }
  for (; i < count; ++i) differ[i / 64] |= std::uint64_t{low[i] != high[i]} << i % 64;
}

double SumMoments(const MomentsTable& table, const float* low, const float* high,
                  std::span<std::uint64_t> differ) {
  const Doubles d;
  const Floats f;
  const std::size_t lanes = hn::Lanes(d), count = table.middle.size();
  const std::size_t whole = count / kSums * kSums;
  MarkDifferent(low, high, count, differ);
  HWY_ALIGN double sums[kSums];
  for (std::size_t lane = 0; lane < kSums; lane += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t i = lane; i < whole; i += kSums) {
      const auto value = hn::PromoteTo(d, hn::LoadU(f, low + i));
      const auto other = hn::PromoteTo(d, hn::LoadU(f, high + i));
      const auto distance = hn::Sub(hn::LoadU(d, table.middle.data() + i), value);
      const auto first = hn::LoadU(d, table.first.data() + i);
      const auto outer = hn::Mul(distance, hn::LoadU(d, table.weight.data() + i));
      const auto cross = hn::Mul(distance, hn::Add(hn::Add(first, first), outer));
      const auto error = hn::Add(hn::LoadU(d, table.second.data() + i), cross);
      sum = hn::Add(sum, hn::IfThenElseZero(hn::Eq(value, other), error));
    }
    hn::Store(sum, d, sums + lane);
  }
  for (std::size_t i = whole; i < count; ++i) {
    if (low[i] != high[i]) continue;
    const double distance = table.middle[i] - static_cast<double>(low[i]);
    const double outer = distance * table.weight[i];
    sums[i - whole] += table.second[i] + distance * (table.first[i] + table.first[i] + outer);
  }
  return Total(sums);
}

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(Sum);
HWY_EXPORT(MomentsOf);
HWY_EXPORT(SumMoments);

double SumSquaredDifferences(std::span<const float> a, const float* b, const float* w) {
  return HWY_DYNAMIC_DISPATCH(Sum)(a, b, w);
}

Moments MomentsAbout(double middle, std::span<const float> x, const float* w) {
  return HWY_DYNAMIC_DISPATCH(MomentsOf)(middle, x, w);
}

double SumFromMoments(const MomentsTable& table, const float* low, const float* high,
                      std::span<std::uint64_t> differ) {
  return HWY_DYNAMIC_DISPATCH(SumMoments)(table, low, high, differ);
}

}  // namespace bw
#endif
