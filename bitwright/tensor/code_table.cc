#include "bitwright/tensor/code_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "bitwright/base/check.h"

namespace bw {
namespace {

constexpr int kFractionBits = 23;
constexpr std::size_t kMostRegions = 128;
constexpr double kLeastThreshold = 0x1p-100, kMostThreshold = 0x1p100;

std::uint32_t Bits(float x) { return std::bit_cast<std::uint32_t>(x); }

// Magnitudes of thresholds, ascending; 0 left out.
using Thresholds = std::vector<double>;

// Of the sides that values * sign > 0 and < 0 are; none where one is out of reach.
bool Sides(const Format& format, double sign, Thresholds sides[2]) {
  for (const double threshold : format.thresholds()) {
    const double magnitude = std::fabs(threshold);
    if (magnitude == 0) continue;
    if (magnitude < kLeastThreshold || magnitude > kMostThreshold) return false;
    sides[threshold * sign > 0 ? 0 : 1].push_back(magnitude);
  }
  for (int side = 0; side < 2; ++side) std::sort(sides[side].begin(), sides[side].end());
  // With the sign alone to tell the values apart, one threshold between equal regions.
  if (sides[0].empty() && sides[1].empty()) sides[0] = sides[1] = {1.0};
  return true;
}

Thresholds Merged(const Thresholds sides[2]) {
  Thresholds merged;
  std::set_union(sides[0].begin(), sides[0].end(), sides[1].begin(), sides[1].end(),
                 std::back_inserter(merged));
  return merged;
}

// Whether a threshold is far from both edges of its bucket: 32 float units.
bool InsideBucket(std::uint32_t bits, int shift) {
  constexpr std::uint32_t kMargin = 32;
  const std::uint32_t size = std::uint32_t{1} << shift, rest = bits & (size - 1);
  return rest >= kMargin && rest < size - kMargin;
}

// The keys of buckets that all sides share.
struct Keys {
  int shift;
  std::uint32_t first, last;
};

Keys KeysOf(const RegionTable& table, double least, double most) {
  const double stretch = std::fabs(static_cast<double>(table.factor));
  const int shift = kFractionBits - table.fraction_bits;
  return {shift, (Bits(static_cast<float>(least * stretch)) >> shift) - 1,
          (Bits(static_cast<float>(most * stretch)) >> shift) + 1};
}

// Fills one side's buckets and thresholds; false when two share a bucket or one is near an edge.
bool FillSide(const Thresholds& thresholds, const Keys& keys, int side, RegionTable& table) {
  const double stretch = std::fabs(static_cast<double>(table.factor));
  const auto bits_of = [&](std::size_t region) {
    return Bits(static_cast<float>(thresholds[region] * stretch));
  };
  std::uint8_t* const classes =
      table.classes + (table.two_sided ? side * table.bucket_count / 2 : 0);
  std::size_t region = 0;
  for (std::uint32_t key = keys.first; key <= keys.last; ++key) {
    const bool here = region < thresholds.size() && bits_of(region) >> keys.shift == key;
    classes[key - keys.first] =
        static_cast<std::uint8_t>(region | (here ? 0 : RegionTable::kNoThreshold));
    if (!here) continue;
    const std::uint32_t bits = bits_of(region);
    if (!InsideBucket(bits, keys.shift)) return false;
    const std::uint32_t word = (bits >> (keys.shift - 16) & 0xffff) ^ 0x8000;
    table.threshold_low[side][region] = static_cast<std::uint8_t>(word);
    table.threshold_high[side][region] = static_cast<std::uint8_t>(word >> 8);
    ++region;
    if (region < thresholds.size() && bits_of(region) >> keys.shift == key) return false;
  }
  return true;
}

// Codes and values of one side's regions.
void FillCodes(const Format& format, const Thresholds& thresholds, int side, RegionTable& table) {
  const double sign = (side == 0) == (table.factor > 0) ? 1 : -1;
  for (std::size_t region = 0; region < kMostRegions; ++region) {
    const std::size_t at = std::min(region, thresholds.size());
    const double low = at == 0 ? 0 : thresholds[at - 1];
    const double high = at == thresholds.size() ? 2 * low + (at == 0 ? 1 : 0) : thresholds[at];
    const std::size_t slot = (region + kMostRegions - 1) % kMostRegions;
    const Code code = format.Encode((low / 2 + high / 2) * sign);
    table.codes[side][slot] = static_cast<std::uint8_t>(code);
    const std::uint32_t value = Bits(static_cast<float>(format.Decode(code)));
    for (int byte = 0; byte < 4; ++byte) {
      table.values[side][byte][slot] = static_cast<std::uint8_t>(value >> (8 * byte));
    }
  }
}

bool IsMirrored(const RegionTable& table) {
  for (std::size_t slot = 0; slot < kMostRegions; ++slot) {
    std::uint32_t value[2] = {};
    for (int side = 0; side < 2; ++side) {
      for (int byte = 4; byte-- > 0;)
        value[side] = value[side] << 8 | table.values[side][byte][slot];
    }
    const bool zeros = value[0] == 0 && value[1] == 0;
    if (!zeros && (value[0] ^ value[1]) != 0x8000'0000) return false;
  }
  return table.factor > 0;
}

// Fills the table with buckets of its fraction bits and factor where they do.
bool FillBuckets(const Format& format, const Thresholds sides[2], RegionTable& table) {
  const Thresholds all = Merged(sides);
  const Keys keys = KeysOf(table, all.front(), all.back());
  const int per_side = static_cast<int>(keys.last - keys.first + 1);
  table.bucket_count = table.two_sided ? 2 * per_side : per_side;
  if (table.bucket_count > RegionTable::kMostBuckets) return false;
  table.first_word = static_cast<std::uint16_t>(keys.first << (keys.shift - 16));
  for (int side = 0; side < 2; ++side) {
    const Thresholds& own = table.two_sided ? sides[side] : all;
    if (!FillSide(own, keys, side, table)) return false;
    FillCodes(format, own, side, table);
  }
  table.mirrored = IsMirrored(table);
  return true;
}

// Stretches until every threshold is inside a bucket of its own.
bool Stretch(const Format& format, const Thresholds sides[2], float sign, RegionTable& table) {
  for (table.fraction_bits = 1; table.fraction_bits <= 6; ++table.fraction_bits) {
    for (int attempt = 0; attempt < 40; ++attempt) {
      table.factor = sign * (1.0f + 0x1.3p-6f * static_cast<float>(attempt));
      if (FillBuckets(format, sides, table)) return true;
    }
  }
  return false;
}

RegionTable MakeRegions(const Format& format) {
  const bool zero_is_negative = format.Round(0) < 0;
  const float sign = zero_is_negative ? -1.0f : 1.0f;
  Thresholds sides[2];
  if (!Sides(format, static_cast<double>(sign), sides)) return {};
  const Thresholds all = Merged(sides);
  RegionTable table;
  if (!all.empty() && all.size() < kMostRegions && Stretch(format, sides, sign, table)) {
    return table;
  }
  table = {};
  table.two_sided = true;
  const bool fits = std::max(sides[0].size(), sides[1].size()) < kMostRegions;
  if (!all.empty() && fits && Stretch(format, sides, sign, table)) return table;
  return {};
}

void FillSteps(CodeTable& table) {
  if (table.fast.kind != FloatRound::Kind::kUniform) return;
  const std::span<const double> values = table.format.values();
  const double quantum = values[1] - values[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double step = (values[i] - static_cast<double>(table.fast.offset)) / quantum;
    table.code_of_step[static_cast<std::uint8_t>(static_cast<int>(step))] =
        static_cast<std::uint8_t>(table.format.codes()[i]);
    if (i == 0) table.least_step = static_cast<float>(step);
    table.most_step = static_cast<float>(step);
  }
}

// The code of a value of the format, given as a float.
std::uint8_t CodeOf(const Format& format, float value) {
  return static_cast<std::uint8_t>(format.Encode(static_cast<double>(value)));
}

}  // namespace

CodeTable::CodeTable(const Format& of)
    : format(of),
      exact(RoundTableOf(of)),
      fast(FloatRoundOf(of)),
      regions(MakeRegions(of)),
      indices(MakeIndices(of)),
      logs(MakeLogTable(of)),
      bounds(MakeBounds(of)) {
  BW_CHECK(format.bits() <= 8);
  short_values = true;
  for (Code code = 0; code < Code{1} << format.bits(); ++code) {
    const double value = format.Decode(code);
    values[code] = std::isfinite(value) ? static_cast<float>(value) : 0.0f;
    for (int byte = 0; byte < 4; ++byte) {
      value_bytes[byte][code] = static_cast<std::uint8_t>(Bits(values[code]) >> (8 * byte));
    }
    short_values = short_values && (Bits(values[code]) & 0xffff) == 0;
  }
  if (regions.bucket_count == 0 && fast.kind != FloatRound::Kind::kUniform) {
    gather = MakeGatherTable(format);
  }
  FillSteps(*this);
  nan_code = static_cast<std::uint8_t>(format.Encode(std::numeric_limits<double>::quiet_NaN()));
  for (const RoundTable::Bucket& bucket : exact.buckets) {
    bucket_codes.push_back({CodeOf(format, bucket.below), CodeOf(format, bucket.above)});
  }
}

std::uint8_t EncodeByBucket(const CodeTable& table, float x, float scale) {
  const RoundTable& exact = table.exact;
  const double ratio = static_cast<double>(x) / static_cast<double>(scale);
  if (std::isnan(ratio)) return table.nan_code;
  const double clamped = std::clamp(ratio, exact.low, exact.high);
  const auto bits = std::bit_cast<std::int64_t>(clamped);
  const std::int64_t key = (bits & 0x7fff'ffff'ffff'ffff) >> exact.shift;
  const std::int64_t bucket = std::clamp(key, exact.first_key, exact.last_key) - exact.first_key;
  const auto half = static_cast<std::int64_t>(exact.buckets.size() / 2);
  const auto at = static_cast<std::size_t>(bucket + (bits < 0 ? half : 0));
  return table.bucket_codes[at][clamped >= exact.buckets[at].threshold ? 1 : 0];
}

const CodeTable& CodeTableOf(const Format& format) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const CodeTable>> tables;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const CodeTable>& table = tables[format.name()];
  if (table == nullptr) table = std::make_unique<const CodeTable>(format);
  return *table;
}

std::uint8_t EncodeByLaw(const CodeTable& table, float x, float scale, std::int32_t zero,
                         bool symmetric) {
  const double ratio = static_cast<double>(x) / static_cast<double>(scale);
  if (symmetric) return static_cast<std::uint8_t>(table.format.Encode(ratio));
  if (std::isnan(ratio)) return static_cast<std::uint8_t>(table.format.Encode(zero));
  return static_cast<std::uint8_t>(table.format.Encode(std::nearbyint(ratio) + zero));
}

}  // namespace bw
