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

// 1.5 * 2^52 * quantum: adding it leaves no bits below the quantum.
double MagicOf(double quantum) { return std::ldexp(1.5 * quantum, kFractionBits); }

// 2^exponent(y) as a double.
double PowerOf(double y) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(y) & 0x7ff0'0000'0000'0000);
}

double RoundArithmetic(const RoundTable& table, double y) {
  double clamped = std::clamp(y, table.low, table.high);
  double magic = table.magic_factor;
  const double power = std::max(PowerOf(clamped), table.least_power);
  if (table.kind == RoundTable::Kind::kGrid) magic *= power;
  if (table.kind == RoundTable::Kind::kExponents) {
    const auto exponent =
        static_cast<std::size_t>(std::ilogb(power) - std::ilogb(table.least_power));
    const auto bits = std::bit_cast<std::uint64_t>(table.magics[exponent]);
    magic = std::bit_cast<double>(bits & ~std::uint64_t{1});
    clamped = std::bit_cast<double>(std::bit_cast<std::uint64_t>(clamped) - (bits & 1));
  }
  return (clamped + magic) - magic;
}

// Both rounding functions are monotone, so they are equal when they agree on either side of every
// threshold; that the values are kept is checked too.
bool AgreesWith(const RoundTable& table, const Format& format) {
  const std::span<const double> values = format.values();
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const double threshold = format.thresholds()[i];
    const double low = std::nextafter(threshold, -kInfinity);
    const double high = std::nextafter(threshold, kInfinity);
    const double tie = format.ties_up()[i] != 0 ? values[i + 1] : values[i];
    if (RoundArithmetic(table, low) != values[i]) return false;
    if (RoundArithmetic(table, high) != values[i + 1]) return false;
    if (RoundArithmetic(table, threshold) != tie) return false;
  }
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return RoundArithmetic(table, value) == value; });
}

bool TryUniform(const Format& format, RoundTable& table) {
  table.kind = RoundTable::Kind::kUniform;
  table.magic_factor = MagicOf(format.info().smallest_positive);
  return AgreesWith(table, format);
}

// Floating point of p significant bits over the quantum of the subnormals.
bool TryGrid(const Format& format, int p, RoundTable& table) {
  table.kind = RoundTable::Kind::kGrid;
  table.magic_factor = MagicOf(std::ldexp(1.0, 1 - p));
  table.least_power = std::ldexp(format.info().smallest_positive, p - 1);
  return AgreesWith(table, format);
}

// The magic of [power, 2 * power): the gap between the neighbours around `power` as quantum.
double MagicAt(const Format& format, double power) {
  const std::span<const double> values = format.values();
  const auto next = std::upper_bound(values.begin(), values.end(), power);
  if (next == values.end()) return MagicOf(power);
  if (next == values.begin()) return MagicOf(*next);
  const double magic = MagicOf(*next - *(next - 1));
  const auto gap = static_cast<std::size_t>(next - values.begin()) - 1;
  const bool half_goes_down = format.thresholds()[gap] == 1.5 * power && format.ties_up()[gap] == 0;
  return half_goes_down ? std::bit_cast<double>(std::bit_cast<std::uint64_t>(magic) | 1) : magic;
}

bool TryExponents(const Format& format, RoundTable& table) {
  const std::span<const double> thresholds = format.thresholds();
  const auto first = std::upper_bound(thresholds.begin(), thresholds.end(), 0.0);
  if (first == thresholds.end()) return false;
  table.kind = RoundTable::Kind::kExponents;
  table.least_power = PowerOf(*first);
  const double most = std::max(std::fabs(table.low), std::fabs(table.high));
  for (double power = table.least_power; power <= most; power *= 2) {
    table.magics.push_back(MagicAt(format, power));
  }
  return AgreesWith(table, format);
}

bool TryArithmetic(const Format& format, RoundTable& table) {
  const FormatInfo& info = format.info();
  if (!(info.smallest_positive > 0) || format.thresholds().empty()) return false;
  if (TryUniform(format, table)) return true;
  if (TryGrid(format, info.significand_bits, table)) return true;
  return TryExponents(format, table);
}

// fp32 has no enumeration: 24 significant bits over 2^-149 by IEEE 754.
void DescribeFloat(const Format& format, RoundTable& table) {
  const int p = format.info().significand_bits;
  table.kind = RoundTable::Kind::kGrid;
  table.magic_factor = MagicOf(std::ldexp(1.0, 1 - p));
  table.least_power = std::ldexp(format.info().smallest_positive, p - 1);
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
  if (TryArithmetic(format, table)) return table;
  return BucketTable(format);
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
