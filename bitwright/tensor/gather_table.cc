#include "bitwright/tensor/gather_table.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bw {
namespace {

constexpr int kFractionBits = 7;  // of a bucket
constexpr int kAttempts = 24;     // factors tried
constexpr double kLeastThreshold = 0x1p-100, kMostThreshold = 0x1p100;

std::uint32_t Bits(double x) { return std::bit_cast<std::uint32_t>(static_cast<float>(x)); }

// Whether some thresholds are there and all are within reach.
bool InReach(const Format& format) {
  const std::span<const double> thresholds = format.thresholds();
  return !thresholds.empty() &&
         std::all_of(thresholds.begin(), thresholds.end(), [](double threshold) {
           const double magnitude = std::fabs(threshold);
           return magnitude >= kLeastThreshold && magnitude <= kMostThreshold;
         });
}

void SetKeys(const Format& format, GatherTable& table) {
  std::uint32_t least = 0xffff'ffff, most = 0;
  for (const double threshold : format.thresholds()) {
    const std::uint32_t bits = Bits(std::fabs(threshold) * static_cast<double>(table.factor));
    least = std::min(least, bits);
    most = std::max(most, bits);
  }
  table.shift = 23 - kFractionBits;
  table.first_key = static_cast<std::int32_t>(least >> table.shift) - 1;
  table.last_key = static_cast<std::int32_t>(most >> table.shift) + 1;
  table.per_side = table.last_key - table.first_key + 2;
}

// Puts every threshold into its bucket; one near an edge makes the buckets on both sides undecided.
void PlaceThresholds(const Format& format, GatherTable& table) {
  constexpr std::uint32_t kMargin = 32;
  table.thresholds.assign(static_cast<std::size_t>(2 * table.per_side), GatherTable::kNone);
  const std::uint32_t size = std::uint32_t{1} << table.shift;
  for (const double threshold : format.thresholds()) {
    const std::uint32_t bits = Bits(std::fabs(threshold) * static_cast<double>(table.factor));
    const auto bucket = static_cast<std::int32_t>(bits >> table.shift) - table.first_key;
    const std::uint32_t rest = bits & (size - 1);
    std::uint32_t* const slot =
        &table.thresholds[static_cast<std::size_t>(bucket + (threshold < 0 ? table.per_side : 0))];
    const bool edge = rest < kMargin || rest >= size - kMargin;
    *slot = *slot == GatherTable::kNone && !edge ? bits - GatherTable::kUncertain
                                                 : GatherTable::kSeveral;
    if (edge) slot[rest < kMargin ? -1 : 1] = GatherTable::kSeveral;
  }
}

void FillValues(const Format& format, GatherTable& table) {
  for (const double sign : {1.0, -1.0}) {
    for (std::int32_t slot = 0; slot < table.per_side; ++slot) {
      const auto bits = static_cast<std::uint32_t>(table.first_key + slot) << table.shift;
      const auto start = static_cast<double>(std::bit_cast<float>(bits));
      const Code code = format.Encode(sign * start / static_cast<double>(table.factor));
      table.codes.push_back(code);
      table.values.push_back(static_cast<float>(format.Decode(code)));
    }
  }
}

}  // namespace

GatherTable MakeGatherTable(const Format& format) {
  if (!InReach(format)) return {};
  GatherTable best;
  std::ptrdiff_t fewest = static_cast<std::ptrdiff_t>(format.thresholds().size() / 4);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GatherTable table;
    table.factor = 1.0f + 0x1.3p-6f * static_cast<float>(attempt);
    SetKeys(format, table);
    PlaceThresholds(format, table);
    const std::ptrdiff_t several =
        std::count(table.thresholds.begin(), table.thresholds.end(), GatherTable::kSeveral);
    if (several >= fewest) continue;
    fewest = several;
    best = table;
    best.usable = true;
  }
  if (best.usable) FillValues(format, best);
  return best;
}

}  // namespace bw
