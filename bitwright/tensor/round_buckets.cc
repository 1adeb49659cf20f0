#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/base/check.h"
#include "bitwright/tensor/round_table.h"

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kFractionBits = 52;
constexpr int kMostBucketBits = 18;

// The least double that rounds to values()[i + 1].
std::vector<double> FirstAbove(const Format& format) {
  std::vector<double> first(format.thresholds().begin(), format.thresholds().end());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (format.ties_up()[i] == 0) first[i] = std::nextafter(first[i], kInfinity);
  }
  return first;
}

std::size_t CountUpTo(std::span<const double> first, double y) {
  return static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), y) - first.begin());
}

struct Range {
  double low, high;  // both included
};

// The bucket of the doubles in the range, when at most one threshold lies in it.
bool MakeBucket(const Format& format, std::span<const double> first, Range range,
                RoundTable::Bucket& bucket) {
  const std::size_t below = CountUpTo(first, range.low);
  const std::size_t above = CountUpTo(first, range.high);
  if (above > below + 1) return false;
  bucket.threshold = above > below ? first[below] : kInfinity;
  bucket.below = static_cast<float>(format.values()[below]);
  bucket.above = static_cast<float>(format.values()[above]);
  return true;
}

// The magnitudes whose key is `key`; the first bucket reaches down to 0 and the last up to
// infinity.
Range KeyRange(const RoundTable& table, std::int64_t key) {
  const double low = key == table.first_key
                         ? 0
                         : std::bit_cast<double>(static_cast<std::uint64_t>(key) << table.shift);
  const auto next = static_cast<std::uint64_t>(key + 1) << table.shift;
  const double high = key == table.last_key ? kInfinity : std::bit_cast<double>(next - 1);
  return {low, high};
}

bool TryBuckets(const Format& format, std::span<const double> first, int bits, RoundTable& table) {
  double least = kInfinity, most = 0;
  for (const double threshold : format.thresholds()) {
    const double magnitude = std::fabs(threshold);
    if (magnitude != 0) least = std::min(least, magnitude);
    most = std::max(most, magnitude);
  }
  table.kind = RoundTable::Kind::kBuckets;
  table.shift = kFractionBits - bits;
  if (most == 0) least = most = 1;
  table.first_key = (std::bit_cast<std::int64_t>(least) >> table.shift) - 1;
  table.last_key = (std::bit_cast<std::int64_t>(most) >> table.shift) + 1;
  const auto half = static_cast<std::size_t>(table.last_key - table.first_key + 1);
  table.buckets.resize(2 * half);
  for (std::size_t i = 0; i < half; ++i) {
    const Range range = KeyRange(table, table.first_key + static_cast<std::int64_t>(i));
    if (!MakeBucket(format, first, range, table.buckets[i])) return false;
    const Range mirrored = {-range.high, -range.low};
    if (!MakeBucket(format, first, mirrored, table.buckets[half + i])) return false;
  }
  return true;
}

}  // namespace

RoundTable BucketTable(const Format& format) {
  BW_CHECK(!format.values().empty());
  RoundTable table;
  table.low = format.info().min;
  table.high = format.info().max;
  table.nan_value = format.Round(std::numeric_limits<double>::quiet_NaN());
  const std::vector<double> first = FirstAbove(format);
  int bits = 0;
  while (!TryBuckets(format, first, bits, table)) BW_CHECK(++bits <= kMostBucketBits);
  return table;
}

}  // namespace bw
