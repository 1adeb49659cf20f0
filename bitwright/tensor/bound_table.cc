#include "bitwright/tensor/bound_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace bw {
namespace {

using Kind = BoundTable::Kind;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastThreshold = 0x1p-100, kMostThreshold = 0x1p100;
constexpr std::uint32_t kMargin = 32;  // between a bound and the edge of its bucket, in float units
constexpr int kAttempts = 40;          // factors tried
constexpr float kMostFactor = 0x1p7f;
// Less than any ratio of a float to a scale, and, times a scale, not yet 0.
constexpr double kTiny = 1e-250;

// Values in ascending order, and the least ratio that rounds to each but the first.
struct Stairs {
  std::vector<double> values, firsts;
};

Stairs StairsOf(const Format& format) {
  Stairs stairs{{format.values().begin(), format.values().end()}, {}};
  for (std::size_t i = 0; i < format.thresholds().size(); ++i) {
    const double threshold = format.thresholds()[i];
    const double above =
        threshold == 0 ? kTiny : std::nextafter(threshold, kInfinity);  // of a ratio of floats
    stairs.firsts.push_back(format.ties_up()[i] != 0 ? threshold : above);
  }
  return stairs;
}

// Those from 0 up; none where the ones below are not their mirror image.
Stairs Magnitudes(const Format& format) {
  const Stairs all = StairsOf(format);
  const std::size_t count = all.values.size(), zero = count / 2;
  if (count % 2 == 0 || all.values[zero] != 0) return {};
  for (std::size_t i = 0; i < zero; ++i) {
    const std::size_t mirrored = count - 2 - i;
    if (all.values[i] != -all.values[count - 1 - i]) return {};
    if (format.thresholds()[i] != -format.thresholds()[mirrored]) return {};
    if (format.ties_up()[i] == format.ties_up()[mirrored]) return {};
  }
  const auto from = static_cast<std::ptrdiff_t>(zero);
  return {{all.values.begin() + from, all.values.end()},
          {all.firsts.begin() + from, all.firsts.end()}};
}

// The number of the bucket of a ratio; nothing where it is close to an edge.
std::optional<std::int64_t> BucketOf(const BoundTable& table, double ratio) {
  const auto y = static_cast<float>(ratio * static_cast<double>(table.factor));
  if (table.kind == Kind::kSpaced) {
    const float nearest = std::nearbyint(y);
    if (std::fabs(y - nearest) > 0.5f - 0x1p-14f) return std::nullopt;
    return static_cast<std::int64_t>(nearest);
  }
  const float placed = table.kind == Kind::kMagnitudes ? y + table.least : std::max(y, table.least);
  const auto bits = std::bit_cast<std::uint32_t>(placed);
  const std::uint32_t size = std::uint32_t{1} << table.shift, rest = bits & (size - 1);
  if (rest < kMargin || rest >= size - kMargin) return std::nullopt;
  return bits >> table.shift;
}

std::size_t SlotOf(std::int64_t bucket) {
  return static_cast<std::size_t>(bucket & (BoundTable::kSlots - 1));
}

void SetCode(const Format& format, std::size_t slot, BoundTable& table) {
  const auto code = [&](float value) {
    return static_cast<std::uint8_t>(format.Encode(static_cast<double>(value)));
  };
  const float value = table.values[slot];
  if (table.kind == Kind::kMagnitudes) {
    table.codes[2 * slot] = code(value);
    table.codes[2 * slot + 1] = code(-value);
  } else {
    table.codes[slot] = table.codes[slot + BoundTable::kSlots] = code(value);
  }
}

void SetBounds(const Stairs& stairs, BoundTable& table) {
  std::fill(std::begin(table.first), std::end(table.first), kInfinity);
  std::copy(stairs.firsts.begin(), stairs.firsts.end(), table.first);
  for (std::size_t i = 0; i < BoundTable::kBounds; ++i) {
    const double first = table.first[i];
    const bool finite = std::isfinite(first);
    const double margin = finite ? std::max(std::fabs(first) * 0x1p-51, kTiny) : 0;
    table.half[i] = finite && first != 0 ? (first - std::nextafter(first, -kInfinity)) / 2 : 0;
    table.below[i] = first - margin;
    table.above[i] = first + margin;
  }
}

// Fills the slots of the buckets from `bottom` on; false where they are too many or two bounds
// share one.
bool Fill(const Format& format, const Stairs& stairs, std::int64_t bottom, BoundTable& table) {
  std::vector<std::int64_t> buckets;
  if (stairs.firsts.size() >= BoundTable::kBounds) return false;
  for (const double first : stairs.firsts) {
    const std::optional<std::int64_t> bucket = BucketOf(table, first);
    if (!bucket || (!buckets.empty() && *bucket == buckets.back())) return false;
    buckets.push_back(*bucket);
  }
  const std::int64_t top = buckets.back() + 1;
  if (top - bottom + 2 > BoundTable::kSlots || buckets.front() < bottom) return false;
  SetBounds(stairs, table);
  std::size_t region = 0;
  for (std::int64_t bucket = bottom; bucket <= top; ++bucket) {
    const std::size_t slot = SlotOf(bucket);
    table.values[slot] = static_cast<float>(stairs.values[region]);
    const bool here = region < buckets.size() && buckets[region] == bucket;
    table.bound[slot] = here ? static_cast<std::int32_t>(region++) : BoundTable::kBounds - 1;
    SetCode(format, slot, table);
  }
  table.values[SlotOf(top + 1)] = static_cast<float>(format.info().nan_value);
  SetCode(format, SlotOf(top + 1), table);
  if (table.kind == Kind::kSpaced) {
    table.least = static_cast<float>(bottom);
    table.most = static_cast<float>(top);
  } else {
    table.most = std::bit_cast<float>(static_cast<std::uint32_t>(top) << table.shift);
  }
  return true;
}

// Buckets of one width.
bool TrySpaced(const Format& format, BoundTable& table) {
  const Stairs stairs = StairsOf(format);
  table.kind = Kind::kSpaced;
  const double reach = stairs.firsts.back() - stairs.firsts.front();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    table.factor = reach < kLeastThreshold ? 1 : static_cast<float>((28.9 - attempt * 0.2) / reach);
    if (table.factor > kMostFactor) return false;
    const std::optional<std::int64_t> bottom = BucketOf(table, stairs.firsts.front());
    if (bottom && Fill(format, stairs, *bottom, table)) return true;
  }
  return false;
}

// Buckets by exponent and leading fraction bits, above a least magnitude.
bool TryLeading(const Format& format, const Stairs& stairs, Kind kind, BoundTable& table) {
  if (stairs.firsts.empty() || stairs.firsts.front() < kLeastThreshold ||
      stairs.firsts.back() > kMostThreshold) {
    return false;
  }
  table.kind = kind;
  for (int fraction_bits = 0; fraction_bits <= 4; ++fraction_bits) {
    table.shift = 23 - fraction_bits;
    for (int attempt = 0; attempt < 3 * kAttempts; ++attempt) {
      table.factor = 1.0f + 0x1.3p-6f * static_cast<float>(attempt / 3);
      table.least = std::ldexp(1.0f, std::ilogb(stairs.firsts.front()) - attempt % 3);
      const auto bottom = std::bit_cast<std::uint32_t>(table.least) >> table.shift;
      if (Fill(format, stairs, bottom, table)) return true;
    }
  }
  return false;
}

}  // namespace

BoundTable MakeBounds(const Format& format) {
  BoundTable table;
  if (format.values().size() < 2) return table;
  if (TrySpaced(format, table)) return table;
  if (table = {}; TryLeading(format, Magnitudes(format), Kind::kMagnitudes, table)) return table;
  table = {};
  const bool is_unsigned = format.values().front() >= 0;
  if (is_unsigned && TryLeading(format, StairsOf(format), Kind::kUnsigned, table)) return table;
  return {};
}

}  // namespace bw
