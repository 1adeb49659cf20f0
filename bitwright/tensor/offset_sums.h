#pragma once
// Sums over the offsets of a bucket (error_buckets.h), the same on every instruction set.

#include <cstdint>
#include <span>

namespace bw {

// The sums of w and of w u over some offsets u.
struct OffsetSums {
  double weight = 0, first = 0;
};

// Over the offsets u >= from; all are below 2^15, and 0 <= from <= 2^15. |weights| has as many
// elements, or is nullptr for weights of 1: then the sums are exact. Up to kOffsetPadding offsets
// behind the last may be read.
constexpr std::size_t kOffsetPadding = 32;
OffsetSums SumsFrom(std::span<const std::uint16_t> offsets, const float* weights, int from);

}  // namespace bw
