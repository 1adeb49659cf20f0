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

}  // namespace
}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {

HWY_EXPORT(Sum);

double SumSquaredDifferences(std::span<const float> a, const float* b, const float* w) {
  return HWY_DYNAMIC_DISPATCH(Sum)(a, b, w);
}

}  // namespace bw
#endif
