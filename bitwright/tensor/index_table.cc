#include "bitwright/tensor/index_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "bitwright/tensor/float_round.h"

namespace bw {
namespace {

constexpr int kFractionBits = 23;
constexpr int kMostGridBits = 7;
constexpr int kMostOctave = 100;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::uint32_t Bits(float x) { return std::bit_cast<std::uint32_t>(x); }

// The thresholds above 0 of a format that MirroredZero knows.
std::vector<double> Magnitudes(const Format& format) {
  const std::optional<std::size_t> zero = MirroredZero(format);
  if (!zero) return {};
  const std::span<const double> above = format.thresholds().subspan(*zero);
  return {above.begin(), above.end()};
}

// The grid of one octave [2^exponent, 2^(exponent + 1)).
struct Octave {
  int exponent = 0;
  bool starts_higher = false;    // a threshold is 2^exponent itself
  std::optional<int> grid_bits;  // 2^grid_bits steps; none: no threshold inside
  int first = 0;                 // the index from 2^exponent on

  int Steps() const { return grid_bits ? 1 << *grid_bits : 0; }
  // Steps lie halfway between multiples of it.
  float Quantum() const { return std::ldexp(1.0f, exponent - grid_bits.value_or(-2)); }
  float Magic() const { return (0x1.8p23f + static_cast<float>(first - Steps())) * Quantum(); }
};

// Whether thresholds in (1, 2) lie halfway between multiples of 2^-bits.
bool Fits(std::span<const double> fractions, int bits) {
  return std::all_of(fractions.begin(), fractions.end(), [bits](double fraction) {
    const double steps = std::ldexp(fraction, bits) - 0.5;
    return steps == std::floor(steps);
  });
}

// The octaves from one below the first threshold to that of the last; empty where one has no grid,
// or has one and ends at a threshold: floats to both sides of that would have one index.
std::vector<Octave> Octaves(std::span<const double> thresholds) {
  std::vector<Octave> octaves;
  const int top = std::ilogb(thresholds.back());
  int index = 0;
  std::size_t next = 0;
  for (int exponent = std::ilogb(thresholds.front()) - 1; exponent <= top; ++exponent) {
    Octave octave{exponent, false, std::nullopt, 0};
    std::vector<double> fractions;
    for (; next < thresholds.size() && std::ilogb(thresholds[next]) == exponent; ++next) {
      const double fraction = std::ldexp(thresholds[next], -exponent);
      if (fraction != 1) fractions.push_back(fraction);
      octave.starts_higher |= fraction == 1;
    }
    for (int bits = 0; bits <= kMostGridBits && !fractions.empty(); ++bits) {
      if (!Fits(fractions, bits)) continue;
      octave.grid_bits = bits;
      break;
    }
    if (!fractions.empty() && !octave.grid_bits) return {};
    if (octave.starts_higher && !octaves.empty() && octaves.back().grid_bits) return {};
    octave.first = index + (octave.starts_higher ? 1 : 0);
    index = octave.first + octave.Steps();
    octaves.push_back(octave);
  }
  return octaves;
}

// Whether the magic of another octave gives this one's indices.
bool Serves(float magic, const Octave& octave) {
  const float power = std::ldexp(1.0f, octave.exponent);
  const auto index = [magic](float y) { return static_cast<std::int16_t>(Bits(y + magic)); };
  return index(power * (1 + 0x1p-20f)) == octave.first &&
         index(2 * power * (1 - 0x1p-20f)) == octave.first + octave.Steps();
}

// The last octave whose magic serves all below it.
std::size_t LastShared(std::span<const Octave> octaves) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < octaves.size(); ++i) {
    const float magic = octaves[i].Magic();
    const auto lower = octaves.first(i);
    if (std::all_of(lower.begin(), lower.end(),
                    [magic](const Octave& octave) { return Serves(magic, octave); })) {
      last = i;
    }
  }
  return last;
}

// Places the exponent `top` into the slot before that of infinity, which is the last of 32; of 64,
// into the first such.
float FactorFor(int top, int slots) {
  constexpr int kBias = 127, kSlot = IndexTable::kSlots - 2, kSpan = 24;
  const int more = kSlot - (top + kBias);  // from 2^-24 on: see kLeastFastScale
  return std::ldexp(1.0f, ((more + kSpan) % slots + slots) % slots - kSpan);
}

std::uint32_t SlotOf(float power, std::size_t slots) {
  return (Bits(power) >> kFractionBits) % static_cast<std::uint32_t>(slots);
}

// The magics of the octaves and of as many above them as there are slots for.
void SetMagics(std::span<const Octave> octaves, float factor, std::span<float> magics) {
  std::fill(magics.begin(), magics.end(), kNan);
  for (const Octave& octave : octaves) {
    const float power = std::ldexp(factor, octave.exponent);
    magics[SlotOf(power, magics.size())] = octave.Magic() * factor;
  }
  const Octave& last = octaves.back();
  Octave above{last.exponent, false, std::nullopt, last.first + last.Steps()};
  for (std::size_t count = octaves.size(); count < magics.size(); ++count) {
    const float power = std::ldexp(factor, ++above.exponent);
    const std::uint32_t slot = SlotOf(power, magics.size());
    if (slot + 1 < magics.size()) magics[slot] = above.Magic() * factor;
  }
}

// How the octaves are told apart; false where they are too many.
bool SetOctaves(std::span<const Octave> octaves, IndexTable& table) {
  constexpr std::size_t kMost = IndexTable::kSlots - 1;
  std::span<const Octave> own = octaves;
  const std::size_t shared = LastShared(octaves);
  if (own.size() > kMost && own.size() - shared <= kMost) {
    table.split = true;
    own = own.subspan(shared);
  }
  if (octaves.size() >= IndexTable::kWideSlots && !table.split) return false;
  table.has_wide = own.size() > kMost;
  if (table.has_wide) own = own.first(kMost);
  const int top = own.back().exponent + (own.size() < kMost ? 1 : 0);
  table.factor = FactorFor(top, table.has_wide ? IndexTable::kWideSlots : IndexTable::kSlots);
  table.floor = std::ldexp(table.factor, octaves.front().exponent);
  table.least_power = std::ldexp(table.factor, own.front().exponent);
  SetMagics(own, table.factor, table.magics);
  if (table.has_wide) SetMagics(octaves, table.factor, table.wide);
  return true;
}

// The codes of an octave's indices, by what lies in the middle of each step.
void SetCodes(const Format& format, const Octave& octave, IndexTable& table) {
  const double quantum = static_cast<double>(octave.Quantum());
  const double power = std::ldexp(1.0, octave.exponent);
  for (int step = 0; step <= octave.Steps(); ++step) {
    // The first and the last step of a grid are half as wide.
    const double middle = step == 0                ? quantum / 4
                          : step == octave.Steps() ? step * quantum - quantum / 4
                                                   : step * quantum;
    const double magnitude = power + (octave.grid_bits ? middle : power / 2);
    const std::ptrdiff_t index = octave.first + step;
    if (index >= std::ssize(table.codes[0])) return;
    table.codes[0][index] = static_cast<std::uint8_t>(format.Encode(magnitude));
    table.codes[1][index] = static_cast<std::uint8_t>(format.Encode(-magnitude));
  }
}

void SetNegation(const Format& format, IndexTable& table) {
  using Negation = IndexTable::Negation;
  bool complement = format.bits() == 8, sign_bit = complement;
  for (std::size_t i = 0; i < std::size(table.codes[0]); ++i) {
    const std::uint8_t code = table.codes[0][i], other = table.codes[1][i];
    complement = complement && other == static_cast<std::uint8_t>(-code);
    sign_bit = sign_bit && other == (code == 0 ? 0 : code ^ 0x80);
  }
  if (complement) table.negation = Negation::kComplement;
  if (sign_bit) table.negation = Negation::kSignBit;
}

// The index of a magnitude as the kernels find it, by some magics; -1 where they do not know.
int IndexOf(const IndexTable& table, float y, std::span<const float> magics) {
  const float low = std::max(y * table.factor * kBelow, table.floor);
  const float power = std::max(std::bit_cast<float>(Bits(low) & 0x7f80'0000), table.least_power);
  const float magic = magics[SlotOf(power, magics.size())];
  if (!(low + magic == low * (kAbove / kBelow) + magic)) return -1;
  const int most = IndexTable::kTableSize * table.tables - 1;
  return std::clamp<int>(static_cast<std::int16_t>(Bits(low + magic)), 0, most);
}

bool IsRight(const Format& format, const IndexTable& table, double magnitude) {
  const auto y = static_cast<float>(magnitude);
  const auto right = [&](std::span<const float> magics) {
    const int index = IndexOf(table, y, magics);
    return index < 0 || table.codes[0][index] == format.Encode(magnitude);
  };
  return right(table.magics) && (!table.has_wide || right(table.wide));
}

// Right or not certain at the values, and on both sides of every threshold.
bool IsProved(const Format& format, std::span<const double> thresholds, const IndexTable& table) {
  for (const double value : format.values()) {
    if (value >= 0 && !IsRight(format, table, value)) return false;
  }
  for (const double threshold : thresholds) {
    for (const double near : {1 - 0x1p-20, 1 - 0x1p-16, 1 + 0x1p-20, 1 + 0x1p-16}) {
      if (!IsRight(format, table, threshold * near)) return false;
    }
  }
  return true;
}

// The value of a magnitude as the kernels find it where it does not round to 0; 0 where they lose
// its sign, NaN where they do not know.
float ValueOf(const IndexTable& table, float y) {
  const float low = std::min(y * table.factor * kBelow, table.greatest);
  const float magic = table.magics[SlotOf(low, IndexTable::kSlots)];
  const float sum = low + magic;
  if (!(sum == low * (kAbove / kBelow) + magic)) return kNan;
  return sum == magic ? 0 : std::max(sum - magic, table.least) / table.factor;
}

// Whether values are right or not certain at the values, on both sides of every threshold, and at
// the ends of every octave.
bool GivesValues(const Format& format, std::span<const double> thresholds,
                 const IndexTable& table) {
  const auto right = [&](double magnitude) {
    const float value = ValueOf(table, static_cast<float>(magnitude));
    return std::isnan(value) || magnitude < thresholds.front() ||
           static_cast<double>(value) == format.Round(magnitude);
  };
  std::vector<double> probes(format.values().begin(), format.values().end());
  std::erase_if(probes, [](double value) { return value <= 0; });
  for (int i = std::ilogb(thresholds.front()); i <= std::ilogb(thresholds.back()) + 2; ++i) {
    probes.push_back(std::ldexp(1.0, i));
  }
  probes.insert(probes.end(), thresholds.begin(), thresholds.end());
  return std::all_of(probes.begin(), probes.end(), [&](double probe) {
    return right(probe) && right(probe * (1 - 0x1p-20)) && right(probe * (1 + 0x1p-20));
  });
}

}  // namespace

IndexTable MakeIndices(const Format& format) {
  IndexTable table;
  const std::vector<double> thresholds = Magnitudes(format);
  if (thresholds.empty() || std::abs(std::ilogb(thresholds.front())) > kMostOctave ||
      std::abs(std::ilogb(thresholds.back())) > kMostOctave) {
    return table;
  }
  const std::vector<Octave> octaves = Octaves(thresholds);
  if (octaves.empty() || !SetOctaves(octaves, table)) return table;
  table.is_signed = format.values().front() < 0;
  for (const Octave& octave : octaves) SetCodes(format, octave, table);
  const int last = octaves.back().first + octaves.back().Steps();
  table.tables = std::max(last / IndexTable::kTableSize + 1, table.is_signed ? 1 : 2);
  SetNegation(format, table);
  table.least = static_cast<float>(format.info().smallest_positive) * table.factor;
  table.greatest = static_cast<float>(format.values().back()) * table.factor;
  table.gives_values = !table.split && !table.has_wide && table.zero.Set(format) &&
                       GivesValues(format, thresholds, table);
  table.usable = table.tables <= (table.is_signed ? 2 : 3) && IsProved(format, thresholds, table);
  return table;
}

}  // namespace bw
