#include "bitwright/tensor/log_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <vector>

namespace bw {
namespace {

constexpr int kFractionBits = 23;
constexpr std::uint32_t kFraction = (std::uint32_t{1} << kFractionBits) - 1;
constexpr std::int32_t kMargin = 32;  // between a threshold and the slots that do not know it
constexpr int kMostOctave = 100;

std::uint32_t Bits(float x) { return std::bit_cast<std::uint32_t>(x); }

// The values above 0 of a format that MirroredZero knows.
std::vector<float> Positive(const Format& format) {
  const std::optional<std::size_t> zero = MirroredZero(format);
  if (!zero) return {};
  std::vector<float> positive;
  for (const double value : format.values().subspan(*zero + 1)) {
    positive.push_back(static_cast<float>(value));
  }
  return positive;
}

// How many values an octave has: a power of two; nothing where octaves differ.
std::optional<int> FractionBits(std::span<const float> values) {
  for (int bits = 0; bits <= LogTable::kMostFractionBits; ++bits) {
    const std::size_t step = std::size_t{1} << bits;
    if (values.size() < 2 * step) return std::nullopt;
    bool repeats = true;
    for (std::size_t i = 0; i + step < values.size(); ++i) {
      repeats = repeats && values[i + step] == 2 * values[i];
    }
    if (repeats) return bits;
  }
  return std::nullopt;
}

// The slots around the threshold before one place, in bits above the octave's start; false where
// another is there already.
bool SetSlots(std::int32_t threshold, std::uint32_t place, bool (&taken)[LogTable::kSlots],
              LogTable& table) {
  constexpr std::int32_t kSize = std::int32_t{1} << LogTable::kSlotShift;
  for (std::int32_t slot = 0; slot < LogTable::kSlots; ++slot) {
    const std::int32_t start = slot * kSize;
    if (threshold < start - kMargin || threshold >= start + kSize + kMargin) continue;
    if (taken[slot]) return false;
    taken[slot] = true;
    table.to_place[slot] =
        (place << table.shift) - static_cast<std::uint32_t>(threshold) + LogTable::kUncertain;
  }
  return true;
}

// `octave` has the values from a power of two to the next, which is the last of them.
bool SetPlaces(std::span<const float> octave, LogTable& table) {
  const std::uint32_t start = Bits(octave.front());
  if ((start & kFraction) != 0) return false;
  bool taken[LogTable::kSlots] = {};
  std::vector<std::int32_t> thresholds;
  for (std::size_t i = 0; i + 1 < octave.size(); ++i) {
    table.fractions[i] = Bits(octave[i]) & kFraction;
    const double middle = (static_cast<double>(octave[i]) + static_cast<double>(octave[i + 1])) / 2;
    thresholds.push_back(static_cast<std::int32_t>(Bits(static_cast<float>(middle)) - start));
    if (!SetSlots(thresholds.back(), static_cast<std::uint32_t>(i + 1), taken, table)) return false;
  }
  // The vector's lanes beyond 2^f places repeat them.
  for (std::size_t i = octave.size() - 1; i < std::size(table.fractions); ++i) {
    table.fractions[i] = table.fractions[i % (octave.size() - 1)];
  }
  for (std::int32_t slot = 0; slot < LogTable::kSlots; ++slot) {
    if (taken[slot]) continue;
    const std::int32_t from = slot << LogTable::kSlotShift;
    const auto place = std::upper_bound(thresholds.begin(), thresholds.end(), from);
    table.to_place[slot] = (static_cast<std::uint32_t>(place - thresholds.begin()) << table.shift) +
                           kMargin - static_cast<std::uint32_t>(from);
    // Relative to the octave's start, which the bits have already.
  }
  return true;
}

void SetCodes(const Format& format, std::span<const float> values, LogTable& table) {
  const std::uint32_t exponent = Bits(table.least) & ~kFraction;
  std::uint32_t place = 0;
  while (table.fractions[place] != (Bits(table.least) & kFraction)) ++place;
  for (int slot = 0; slot < LogTable::kSlots; ++slot) {
    table.to_index[slot] = table.to_place[slot] - (exponent + (place << table.shift));
  }
  table.zero_index = table.is_signed ? 127 : 255;
  for (std::size_t i = 0; i < 256; ++i) {
    const float value = values[std::min(i, values.size() - 1)];
    const bool zero = i == static_cast<std::size_t>(table.zero_index);
    const double magnitude = zero ? 0 : static_cast<double>(value);
    table.codes[0][i] = static_cast<std::uint8_t>(format.Encode(magnitude));
    table.codes[1][i] = static_cast<std::uint8_t>(format.Encode(-magnitude));
  }
}

}  // namespace

LogTable MakeLogTable(const Format& format) {
  LogTable table;
  const std::vector<float> values = Positive(format);
  const std::optional<int> bits = FractionBits(values);
  if (!bits) return table;
  table.fraction_bits = *bits;
  table.shift = kFractionBits - *bits;
  table.is_signed = format.values().front() < 0;
  table.least = values.front();
  table.greatest = values.back();
  const bool in_range = std::abs(std::ilogb(table.least)) <= kMostOctave &&
                        std::ilogb(table.greatest) <= kMostOctave && table.zero.Set(format);
  const std::size_t most = table.is_signed ? 127 : 255;
  if (!in_range || values.size() > most || values.size() >> (31 - table.shift) != 0) return table;
  const auto start = std::find_if(values.begin(), values.end(),
                                  [](float value) { return (Bits(value) & kFraction) == 0; });
  const auto count = std::ptrdiff_t{1} << *bits;
  if (values.end() - start <= count) return table;
  if (!SetPlaces({start, start + count + 1}, table)) return table;
  SetCodes(format, values, table);
  table.usable = true;
  return table;
}

}  // namespace bw
