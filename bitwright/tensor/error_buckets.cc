#include "bitwright/tensor/error_buckets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "bitwright/tensor/squares.h"

namespace bw {
namespace {

constexpr int kShift = 15;  // low bits of a float that a bucket leaves open
constexpr std::size_t kKeys = std::size_t{1} << (32 - kShift);
constexpr std::size_t kChunk = 1024;  // elements rounded at a time

std::uint32_t KeyOf(float x) { return std::bit_cast<std::uint32_t>(x) >> kShift; }

// The ends of a bucket, that of least magnitude first.
std::array<float, 2> EndsOf(std::size_t key) {
  const auto bits = static_cast<std::uint32_t>(key << kShift);
  return {std::bit_cast<float>(bits),
          std::bit_cast<float>(bits | ((std::uint32_t{1} << kShift) - 1))};
}

bool IsFinite(std::uint32_t key) { return (key << kShift & 0x7f80'0000) != 0x7f80'0000; }

}  // namespace

ErrorBuckets::ErrorBuckets(const ErrorTerms& terms) {
  Scatter(terms);
  for (Bucket& bucket : buckets_) Measure(bucket);
}

void ErrorBuckets::Scatter(const ErrorTerms& terms) {
  std::vector<std::uint32_t> next(kKeys);
  for (const float x : terms.x) ++next[KeyOf(x)];
  std::uint32_t begin = 0;
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    const std::uint32_t count = next[key];
    next[key] = begin;
    if (count == 0 || !IsFinite(key)) continue;
    const std::array<float, 2> ends = EndsOf(key);
    Bucket bucket;
    bucket.begin = begin;
    bucket.end = begin += count;
    bucket.middle = (static_cast<double>(ends[0]) + static_cast<double>(ends[1])) / 2;
    buckets_.push_back(bucket);
    ends_.insert(ends_.end(), ends.begin(), ends.end());
  }
  values_.resize(begin);
  if (!terms.weights.empty()) weights_.resize(begin);
  for (std::size_t i = 0; i < terms.x.size(); ++i) {
    const std::uint32_t key = KeyOf(terms.x[i]);
    if (!IsFinite(key)) continue;
    const std::uint32_t at = next[key]++;
    values_[at] = terms.x[i];
    if (!weights_.empty()) weights_[at] = terms.weights[i];
  }
}

void ErrorBuckets::Measure(Bucket& bucket) const {
  for (std::size_t i = bucket.begin; i < bucket.end; ++i) {
    const double weight = weights_.empty() ? 1 : static_cast<double>(weights_[i]);
    const double offset = static_cast<double>(values_[i]) - bucket.middle;
    bucket.weight += weight;
    bucket.first += weight * offset;
    bucket.second += weight * offset * offset;
  }
}

double ErrorBuckets::Direct(const Bucket& bucket, const RoundFunction& round, float scale,
                            std::int32_t zero) const {
  alignas(64) std::array<float, kChunk> rounded;
  double error = 0;
  for (std::size_t begin = bucket.begin; begin < bucket.end; begin += kChunk) {
    const std::size_t size = std::min(kChunk, bucket.end - begin);
    const std::span<const float> chunk = std::span(values_).subspan(begin, size);
    round(chunk, &scale, 0, zero, rounded.data());
    const float* const weights = weights_.empty() ? nullptr : weights_.data() + begin;
    error += SumSquaredDifferences(chunk, rounded.data(), weights);
  }
  return error;
}

double ErrorBuckets::Error(const RoundFunction& round, float scale, std::int32_t zero) const {
  std::vector<float> rounded(ends_.size());
  round(ends_, &scale, 0, zero, rounded.data());
  double error = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& bucket = buckets_[i];
    if (rounded[2 * i] != rounded[2 * i + 1]) {
      error += Direct(bucket, round, scale, zero);
      continue;
    }
    const double distance = bucket.middle - static_cast<double>(rounded[2 * i]);
    error += bucket.second + distance * (2 * bucket.first + distance * bucket.weight);
  }
  return error;
}

}  // namespace bw
