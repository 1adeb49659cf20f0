#include "bitwright/tensor/error_buckets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "bitwright/tensor/offset_sums.h"
#include "bitwright/tensor/squares.h"

namespace bw {
namespace {

constexpr int kShift = 15;  // low bits of a float that a bucket leaves open
constexpr std::size_t kOffsets = std::size_t{1} << kShift;
constexpr std::size_t kSideKeys = std::size_t{1} << (31 - kShift);
constexpr std::size_t kFiniteKeys = 0x7f80'0000 >> kShift;
constexpr std::size_t kChunk = 512;  // values whose squares are summed at a time

std::uint32_t BitsOf(float x) { return std::bit_cast<std::uint32_t>(x); }
float FloatOf(std::uint32_t bits) { return std::bit_cast<float>(bits); }

// The least magnitude of a bucket, and what one more of offset adds to it.
double LeastOf(std::size_t key) {
  return static_cast<double>(FloatOf(static_cast<std::uint32_t>(key << kShift)));
}
double UnitOf(std::size_t key) {
  const auto bits = static_cast<std::uint32_t>(key << kShift);
  return static_cast<double>(FloatOf(bits + 1)) - static_cast<double>(FloatOf(bits));
}

// A sum in two parts: as if rounded once, at the end.
struct LongSum {
  double high = 0, low = 0;
  void Add(double x) {
    const double sum = high + x, rest = sum - high;
    low += (high - (sum - rest)) + (x - rest);
    high = sum;
  }
  double Total() const { return high + low; }
};

double SumOfSquares(const ErrorTerms& terms) {
  static constexpr std::array<float, kChunk> kZeros = {};
  LongSum sum;
  for (std::size_t i = 0; i < terms.x.size(); i += kChunk) {
    const std::span<const float> chunk = terms.x.subspan(i, std::min(kChunk, terms.x.size() - i));
    const float* const weights = terms.weights.empty() ? nullptr : terms.weights.data() + i;
    sum.Add(SumSquaredDifferences(chunk, kZeros.data(), weights));
  }
  return sum.Total();
}

// The quantizer of a search's candidate: values ascending, and the ratios between them.
struct Quantizer {
  const Format& format;
  float scale;
  std::int32_t zero;

  double Value(std::size_t i) const {
    return static_cast<double>(scale * static_cast<float>(format.values()[i] - zero));
  }
  double Ratio(std::size_t i) const { return format.thresholds()[i] - zero; }
  // Whether the ratio itself goes to value i + 1. With a zero point, ratios are first rounded to
  // integers, halves to even ones.
  bool GoesUp(std::size_t i) const {
    if (zero == 0) return format.ties_up()[i] != 0;
    return std::fmod(std::floor(Ratio(i)), 2.0) != 0;
  }
  // The value that 0 rounds to.
  std::size_t Start() const {
    std::size_t i = 0;
    while (i < format.thresholds().size() && (Ratio(i) < 0 || (Ratio(i) == 0 && GoesUp(i)))) ++i;
    return i;
  }
};

// The greatest float not above a magnitude.
float FloatBelow(double magnitude) {
  const auto nearest = static_cast<float>(magnitude);
  return static_cast<double>(nearest) > magnitude ? FloatOf(BitsOf(nearest) - 1) : nearest;
}

}  // namespace

ErrorBuckets::ErrorBuckets(const ErrorTerms& terms) : squares_(SumOfSquares(terms)) {
  Scatter(terms);
  for (Side& side : sides_) SumUp(side);
}

void ErrorBuckets::Scatter(const ErrorTerms& terms) {
  std::vector<std::uint32_t> next(2 * kSideKeys);
  for (const float x : terms.x) ++next[BitsOf(x) >> kShift];
  std::uint32_t begin = 0;
  for (std::size_t s = 0; s < 2; ++s) {
    std::uint32_t* const counts = next.data() + s * kSideKeys;
    const auto some = [](std::uint32_t count) { return count > 0; };
    const auto* const first = std::find_if(counts, counts + kFiniteKeys, some);
    std::size_t end = kFiniteKeys;
    while (end > 0 && counts[end - 1] == 0) --end;
    sides_[s].first_key = static_cast<std::size_t>(first - counts);
    for (std::size_t key = sides_[s].first_key; key < end; ++key) {
      sides_[s].begins.push_back(begin);
      begin += std::exchange(counts[key], begin);
    }
    sides_[s].begins.push_back(begin);
  }
  // What is not finite stands behind the buckets.
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t key = kFiniteKeys; key < kSideKeys; ++key) {
      begin += std::exchange(next[s * kSideKeys + key], begin);
    }
  }
  // Filled with zeros: then the places are in the cache when offsets go there in no order.
  offsets_ = std::make_unique<std::uint16_t[]>(begin + kOffsetPadding);
  if (!terms.weights.empty()) weights_ = std::make_unique<float[]>(begin);
  for (std::size_t i = 0; i < terms.x.size(); ++i) {
    const std::uint32_t bits = BitsOf(terms.x[i]), at = next[bits >> kShift]++;
    offsets_[at] = bits % kOffsets;
    if (weights_ != nullptr) weights_[at] = terms.weights[i];
  }
}

ErrorBuckets::Sums ErrorBuckets::InBucket(const Side& side, std::size_t bucket, int from) const {
  const std::size_t begin = side.begins[bucket], count = side.begins[bucket + 1] - begin;
  if (count == 0) return {};
  const float* const weights = weights_ == nullptr ? nullptr : weights_.get() + begin;
  const OffsetSums sums = SumsFrom({offsets_.get() + begin, count}, weights, from);
  const std::size_t key = side.first_key + bucket;
  return {sums.weight, sums.weight * LeastOf(key) + sums.first * UnitOf(key)};
}

void ErrorBuckets::SumUp(Side& side) const {
  side.from.resize(side.begins.size());
  LongSum weight, magnitude;
  for (std::size_t bucket = side.begins.size() - 1; bucket-- > 0;) {
    const Sums sums = InBucket(side, bucket, 0);
    weight.Add(sums.weight);
    magnitude.Add(sums.magnitude);
    side.from[bucket] = {weight.Total(), magnitude.Total()};
  }
}

ErrorBuckets::Sums ErrorBuckets::Beyond(const Side& side, const Bound& bound, float scale) const {
  const double by = static_cast<double>(scale);
  const float below = FloatBelow(bound.ratio * by);
  const double ratio = static_cast<double>(below) / by;
  const bool reached = bound.included ? ratio >= bound.ratio : ratio > bound.ratio;
  const std::uint32_t first = BitsOf(below) + (reached ? 0 : 1);  // the least magnitude beyond
  const std::size_t key = first >> kShift, buckets = side.begins.size() - 1;
  if (key < side.first_key) return side.from[0];
  const std::size_t bucket = key - side.first_key;
  if (bucket >= buckets) return {};
  if (first % kOffsets == 0) return side.from[bucket];
  const Sums part = InBucket(side, bucket, static_cast<int>(first % kOffsets));
  const Sums& rest = side.from[bucket + 1];
  return {part.weight + rest.weight, part.magnitude + rest.magnitude};
}

double ErrorBuckets::Error(const Format& format, float scale, std::int32_t zero) const {
  const Quantizer quantizer{format, scale, zero};
  const std::size_t start = quantizer.Start();
  double gain = 0;
  // Adds what threshold i gains on a side; false where nothing lies beyond it.
  const auto add = [&](std::size_t i, int sign) {
    const bool up = quantizer.GoesUp(i);
    const Bound bound{std::fabs(quantizer.Ratio(i)), sign > 0 ? up : !up};
    const Sums beyond = Beyond(sides_[sign > 0 ? 0 : 1], bound, scale);
    const double low = quantizer.Value(i), high = quantizer.Value(i + 1);
    gain += (high - low) * (2 * beyond.magnitude - sign * (low + high) * beyond.weight);
    return beyond.weight > 0;
  };
  for (std::size_t i = start; i < format.thresholds().size() && add(i, 1); ++i) continue;
  for (std::size_t i = start; i-- > 0 && add(i, -1);) continue;
  const Sums &positive = sides_[0].from[0], &negative = sides_[1].from[0];
  const double value = quantizer.Value(start), sum = positive.magnitude - negative.magnitude;
  const double weight = positive.weight + negative.weight;
  return std::max(0.0, squares_ + value * (value * weight - 2 * sum) - gain);
}

}  // namespace bw
