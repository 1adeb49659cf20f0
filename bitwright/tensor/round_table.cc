#include "bitwright/tensor/round_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "bitwright/base/check.h"

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

double RoundArithmetic(const RoundTable& table, double y) {
  const double clamped = std::clamp(y, table.low, table.high);
  double magic = table.magic_factor;
  if (table.kind == RoundTable::Kind::kGrid) {
    const auto exponent = std::bit_cast<std::uint64_t>(clamped) & 0x7ff0'0000'0000'0000;
    magic *= std::max(std::bit_cast<double>(exponent), table.least_power);
  }
  return (clamped + magic) - magic;
}

// Both rounding functions are monotone and take the values of the format, so they are equal when
// they agree on either side of every threshold.
bool AgreesWith(const RoundTable& table, const Format& format, std::span<const double> first) {
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double before = std::nextafter(first[i], -kInfinity);
    if (RoundArithmetic(table, before) != format.values()[i]) return false;
    if (RoundArithmetic(table, first[i]) != format.values()[i + 1]) return false;
  }
  return true;
}

// Whether multiples of one quantum, or floating point of p significant bits over that quantum, is
// what the format does.
bool TryArithmetic(const Format& format, std::span<const double> first, RoundTable& table) {
  const FormatInfo& info = format.info();
  double quantum = info.smallest_positive;
  if (!(quantum > 0) || first.empty()) return false;
  table.kind = RoundTable::Kind::kUniform;
  table.magic_factor = std::ldexp(1.5 * quantum, kFractionBits);
  if (AgreesWith(table, format, first)) return true;
  table.kind = RoundTable::Kind::kGrid;
  for (int p = info.significand_bits; p <= info.significand_bits + 1; ++p) {
    table.magic_factor = std::ldexp(1.5, kFractionBits + 1 - p);
    table.least_power = std::ldexp(quantum, p - 1);
    if (AgreesWith(table, format, first)) return true;
  }
  return false;
}

// fp32 has no enumeration: 24 significant bits over 2^-149 by IEEE 754.
void DescribeFloat(const Format& format, RoundTable& table) {
  const int p = format.info().significand_bits;
  table.kind = RoundTable::Kind::kGrid;
  table.magic_factor = std::ldexp(1.5, kFractionBits + 1 - p);
  table.least_power = std::ldexp(format.info().smallest_positive, p - 1);
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

RoundTable Build(const Format& format) {
  RoundTable table;
  table.low = format.info().min;
  table.high = format.info().max;
  table.nan_value = format.Round(std::numeric_limits<double>::quiet_NaN());
  if (format.values().empty()) {
    DescribeFloat(format, table);
    return table;
  }
  const std::vector<double> first = FirstAbove(format);
  if (TryArithmetic(format, first, table)) return table;
  for (int bits = 0; bits <= kMostBucketBits; ++bits) {
    if (TryBuckets(format, first, bits, table)) return table;
  }
  BW_CHECK(!"a bucket of 2^-18 relative width holds two thresholds");
  return table;
}

}  // namespace

const RoundTable& RoundTableOf(const Format& format) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const RoundTable>> tables;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const RoundTable>& table = tables[format.name()];
  if (table == nullptr) table = std::make_unique<const RoundTable>(Build(format));
  return *table;
}

}  // namespace bw
