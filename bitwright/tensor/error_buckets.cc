#include "bitwright/tensor/error_buckets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

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
  for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
    const double middle = (static_cast<double>(least_[i]) + static_cast<double>(greatest_[i])) / 2;
    const std::size_t begin = begins_[i], size = begins_[i + 1] - begin;
    const float* const weights = weights_ == nullptr ? nullptr : weights_.get() + begin;
    const Moments moments =
        MomentsAbout(middle, std::span<const float>(values_.get() + begin, size), weights);
    moments_.middle.push_back(middle);
    moments_.weight.push_back(moments.weight);
    moments_.first.push_back(moments.first);
    moments_.second.push_back(moments.second);
  }
}

void ErrorBuckets::Scatter(const ErrorTerms& terms) {
  std::vector<std::uint32_t> next(kKeys);
  for (const float x : terms.x) ++next[KeyOf(x)];
  std::uint32_t begin = 0;
  const auto place = [&](std::uint32_t key) { begin += std::exchange(next[key], begin); };
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    if (!IsFinite(key) || next[key] == 0) continue;
    const std::array<float, 2> ends = EndsOf(key);
    begins_.push_back(begin);
    least_.push_back(ends[0]);
    greatest_.push_back(ends[1]);
    place(key);
  }
  begins_.push_back(begin);
  // What is not finite stands behind the buckets.
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    if (!IsFinite(key)) place(key);
  }
  // Filled with zeros: then the places are in the cache when values go there in no order.
  values_ = std::make_unique<float[]>(begin);
  if (!terms.weights.empty()) weights_ = std::make_unique<float[]>(begin);
  for (std::size_t i = 0; i < terms.x.size(); ++i) {
    const std::uint32_t at = next[KeyOf(terms.x[i])]++;
    values_[at] = terms.x[i];
    if (weights_ != nullptr) weights_[at] = terms.weights[i];
  }
}

double ErrorBuckets::Direct(std::span<const std::uint64_t> buckets, const RoundFunction& round,
                            float scale, std::int32_t zero) const {
  alignas(64) std::array<float, kChunk> values, weights, rounded;
  std::size_t size = 0;
  double error = 0;
  const auto add = [&] {
    const std::span<const float> chunk(values.data(), size);
    round(chunk, &scale, 0, zero, rounded.data());
    const float* const by = weights_ == nullptr ? nullptr : weights.data();
    error += SumSquaredDifferences(chunk, rounded.data(), by);
    size = 0;
  };
  const auto append = [&](std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t more = std::min(kChunk - size, end - begin);
      std::copy_n(values_.get() + begin, more, values.data() + size);
      if (weights_ != nullptr) std::copy_n(weights_.get() + begin, more, weights.data() + size);
      begin += more;
      size += more;
      if (size == kChunk) add();
    }
  };
  for (std::size_t word = 0; word < buckets.size(); ++word) {
    for (std::uint64_t left = buckets[word]; left != 0; left &= left - 1) {
      const std::size_t i = 64 * word + static_cast<std::size_t>(std::countr_zero(left));
      append(begins_[i], begins_[i + 1]);
    }
  }
  if (size > 0) add();
  return error;
}

double ErrorBuckets::Error(const RoundFunction& round, float scale, std::int32_t zero) const {
  const std::size_t count = least_.size();
  std::vector<float> low(count), high(count);
  std::vector<std::uint64_t> differ((count + 63) / 64);
  round(least_, &scale, 0, zero, low.data());
  round(greatest_, &scale, 0, zero, high.data());
  const double error = SumFromMoments(moments_, low.data(), high.data(), differ);
  return error + Direct(differ, round, scale, zero);
}

}  // namespace bw
