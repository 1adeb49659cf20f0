#include "bitwright/tensor/float_round.h"

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

constexpr int kMostBits = 8;
constexpr float kNan = -std::numeric_limits<float>::quiet_NaN();
constexpr double kLeastMagnitude = 0x1p-100, kMostMagnitude = 0x1p100;
// 1.5 * 2^23 quanta.
float MagicOf(double quantum) { return static_cast<float>(1.5 * 0x1p23 * quantum); }

float PowerOf(float y) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(y) & 0x7f80'0000);
}

bool ByExponents(const FloatRound& form) {
  return form.kind == FloatRound::Kind::kExponents ||
         form.kind == FloatRound::Kind::kManyExponents || form.kind == FloatRound::Kind::kCyclic;
}

std::size_t Slot(float power) {
  return (std::bit_cast<std::uint32_t>(power) >> 23) % FloatRound::kExponentCount;
}

struct Rounded {
  bool certain = false;
  float value = 0;
};

// By adding the exponents as integers: a product above the largest float has a wrong sign or is
// NaN, which makes it uncertain.
float TimesPower(float magic, float power) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magic) -
                              std::bit_cast<std::uint32_t>(1.0f) +
                              std::bit_cast<std::uint32_t>(power));
}

// What the kernels do, one element at a time.
Rounded RoundOne(const FloatRound& form, float y) {
  const float below = y * kBelow - form.offset, above = y * kAbove - form.offset;
  float magic = form.magic;
  const float least = form.kind == FloatRound::Kind::kCyclic ? 0 : form.least_power;
  const float power = std::max(PowerOf(below), least);
  if (form.kind == FloatRound::Kind::kGrid) magic = TimesPower(magic, power);
  if (ByExponents(form)) magic = form.magics[Slot(power)];
  const float sum = below + magic;
  const float rounded = std::clamp(sum - magic + form.offset, form.low, form.high);
  const bool near_zero = form.offset != 0 && std::fabs(y) < kNearZero;
  return {sum == above + magic && !near_zero, rounded};
}

// Rounding by one magic is monotone between thresholds and has multiples of its quantum as values,
// so it is right wherever it is certain when it is right close to the thresholds, at the values and
// at the powers of two.
bool RightOrUncertain(const FloatRound& form, float y, double expected) {
  const Rounded rounded = RoundOne(form, y);
  return !rounded.certain || static_cast<double>(rounded.value) == expected;
}

// The floats around a threshold out to where certainty may begin.
std::vector<float> Around(double threshold, double gap) {
  std::vector<float> floats;
  for (double distance = gap; distance > std::fabs(threshold) * 0x1p-22; distance /= 2) {
    floats.push_back(static_cast<float>(threshold - distance));
    floats.push_back(static_cast<float>(threshold + distance));
  }
  return floats;
}

// Gives up every exponent that rounds something wrongly.
bool Repair(FloatRound& form, float y) {
  if (!ByExponents(form)) return false;
  const float power = std::max(PowerOf(std::clamp(y, form.low, form.high)), form.least_power);
  form.magics[Slot(power)] = kNan;
  if (form.kind != FloatRound::Kind::kManyExponents) form.magics[Slot(power) ^ 32] = kNan;
  return true;
}

bool Agrees(const Format& format, FloatRound& form) {
  const std::span<const double> values = format.values(), thresholds = format.thresholds();
  std::vector<float> probes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (static_cast<double>(static_cast<float>(values[i])) != values[i]) return false;
    probes.push_back(static_cast<float>(values[i]));
    if (i == thresholds.size()) break;
    const std::vector<float> near = Around(thresholds[i], (values[i + 1] - values[i]) * 0.49);
    probes.insert(probes.end(), near.begin(), near.end());
  }
  // Powers of two start and end what one magic is for.
  for (float power = 0x1p-110f; power < 0x1p110f; power *= 2) {
    for (const float y : {power, std::nextafter(power, 0.0f)}) {
      probes.push_back(y);
      probes.push_back(-y);
    }
  }
  return std::all_of(probes.begin(), probes.end(), [&](float y) {
    return RightOrUncertain(form, y, format.Round(static_cast<double>(y))) || Repair(form, y);
  });
}

bool TryUniform(const Format& format, FloatRound& form) {
  const std::span<const double> values = format.values();
  const double quantum = values[1] - values[0];
  int exponent = 0;
  if (std::frexp(quantum, &exponent) != 0.5) return false;
  form.kind = FloatRound::Kind::kUniform;
  form.offset = static_cast<float>(std::remainder(values[0], quantum));
  if (form.offset != 0 && quantum < 2 * static_cast<double>(kNearZero)) return false;
  form.magic = MagicOf(quantum);
  if (std::fabs(static_cast<double>(form.offset)) * 2 == quantum) {
    form.half = static_cast<float>(quantum / 2);
    form.zero_goes_down = format.Round(0) < 0;
  }
  return Agrees(format, form);
}

bool TryGrid(const Format& format, FloatRound& form) {
  const int p = format.info().significand_bits;
  form.kind = FloatRound::Kind::kGrid;
  form.offset = 0;
  form.magic = MagicOf(std::ldexp(1.0, 1 - p));
  form.least_power = static_cast<float>(std::ldexp(format.info().smallest_positive, p - 1));
  return Agrees(format, form);
}

// The gap between the neighbours around `power` as quantum where it is a power of two.
float MagicAt(const Format& format, double power) {
  const std::span<const double> values = format.values();
  const auto next = std::upper_bound(values.begin(), values.end(), power);
  if (next == values.end()) return MagicOf(power);
  if (next == values.begin()) return MagicOf(*next);
  int exponent = 0;
  const double gap = *next - *(next - 1);
  return std::frexp(gap, &exponent) == 0.5 ? MagicOf(gap) : kNan;
}

// Powers below the least get its magic, one of them at least (the bracket of the least power itself
// reaches there), those above the most one that rounds to powers: 32 in all.
FloatRound Cyclic(const FloatRound& form, float most) {
  FloatRound cyclic = form;
  cyclic.kind = FloatRound::Kind::kCyclic;
  const auto set = [&](float power, float magic) {
    cyclic.magics[Slot(power)] = cyclic.magics[Slot(power) ^ 32] = magic;
  };
  float low = form.least_power, high = PowerOf(most);
  const int count = std::ilogb(high) - std::ilogb(low) + 1;
  for (int more = 0; more < 32 - count; ++more) {
    if (more % 2 == 0) {
      set(low /= 2, form.magics[Slot(form.least_power)]);
    } else {
      high *= 2;
      set(high, MagicOf(static_cast<double>(high)));
    }
  }
  return cyclic;
}

// At the ends of every octave of float: where those below have no slot they round to 0.
bool RoundsAllPowers(const Format& format, const FloatRound& form) {
  std::vector<float> probes = {0.0f, -0.0f, std::numeric_limits<float>::denorm_min()};
  for (int exponent = -126; exponent < 127; ++exponent) {
    const float power = std::ldexp(1.0f, exponent);
    for (const float y :
         {power, std::nextafter(power, 2 * power), std::nextafter(2 * power, 0.0f)}) {
      probes.push_back(y);
      probes.push_back(-y);
    }
  }
  return RoundOne(form, 0).certain && std::all_of(probes.begin(), probes.end(), [&](float y) {
           return RightOrUncertain(form, y, format.Round(static_cast<double>(y)));
         });
}

bool TryExponents(const Format& format, FloatRound& form) {
  const std::span<const double> thresholds = format.thresholds();
  const auto first = std::upper_bound(thresholds.begin(), thresholds.end(), 0.0);
  if (first == thresholds.end()) return false;
  form.kind = FloatRound::Kind::kManyExponents;
  form.offset = 0;
  form.least_power = PowerOf(static_cast<float>(*first));
  const float most = std::max(std::fabs(form.low), form.high);
  std::fill(std::begin(form.magics), std::end(form.magics), kNan);
  std::size_t count = 0;
  for (float power = form.least_power; power <= most; power *= 2) {
    if (++count > FloatRound::kExponentCount) return false;
    form.magics[Slot(power)] = MagicAt(format, static_cast<double>(power));
  }
  if (count <= FloatRound::kExponentCount / 2) {
    form.kind = FloatRound::Kind::kExponents;
    for (float power = form.least_power; power <= most; power *= 2) {
      form.magics[Slot(power) ^ 32] = form.magics[Slot(power)];
    }
  }
  if (!Agrees(format, form) || !Agrees(format, form)) return false;
  form.holes = false;
  for (float power = form.least_power; power <= most; power *= 2) {
    form.holes = form.holes || std::isnan(form.magics[Slot(power)]);
  }
  if (form.kind != FloatRound::Kind::kExponents || count == 32) return true;
  FloatRound cyclic = Cyclic(form, most);
  if (RoundsAllPowers(format, cyclic) && Agrees(format, cyclic)) form = cyclic;
  return true;
}

// At least half the values must be certain, or the slow path is the faster one.
bool WorthIt(const Format& format, const FloatRound& form) {
  std::size_t certain = 0;
  for (const double value : format.values()) {
    if (RoundOne(form, static_cast<float>(value)).certain) ++certain;
  }
  return certain * 4 >= format.values().size() * 3;
}

FloatRound Build(const Format& format) {
  FloatRound form;
  const std::span<const double> values = format.values();
  if (format.bits() > kMostBits || values.size() < 2) return form;
  for (const double value : values) {
    const double magnitude = std::fabs(value);
    if (value != 0 && (magnitude < kLeastMagnitude || magnitude > kMostMagnitude)) return form;
  }
  form.low = static_cast<float>(values.front());
  form.high = static_cast<float>(values.back());
  if (TryUniform(format, form) && WorthIt(format, form)) return form;
  if (TryExponents(format, form) && WorthIt(format, form) && !form.holes &&
      form.kind != FloatRound::Kind::kManyExponents) {
    return form;
  }
  if (TryGrid(format, form) && WorthIt(format, form)) return form;
  if (TryExponents(format, form) && WorthIt(format, form)) return form;
  form.kind = FloatRound::Kind::kNone;
  return form;
}

}  // namespace

const FloatRound& FloatRoundOf(const Format& format) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const FloatRound>> forms;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const FloatRound>& form = forms[format.name()];
  if (form == nullptr) form = std::make_unique<const FloatRound>(Build(format));
  return *form;
}

}  // namespace bw
