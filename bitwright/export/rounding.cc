#include "bitwright/export/rounding.h"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

bool IsPowerOfTwo(double x) {
  int exponent = 0;
  return x > 0 && std::frexp(x, &exponent) == 0.5;
}

bool IsInteger(double x) { return std::nearbyint(x) == x; }
bool IsOdd(double integer) { return std::fmod(integer, 2.0) != 0; }

// Between values i and i+1: their distance is a power of two, both are multiples of it, and the tie
// goes to the even multiple.
bool RoundsToEvenMultiple(const Format& format, std::size_t i) {
  const double below = format.values()[i];
  const double step = format.values()[i + 1] - below;
  if (!IsPowerOfTwo(step) || !IsInteger(below / step)) return false;
  return (format.ties_up()[i] != 0) == IsOdd(below / step);
}

bool RoundsToEvenMultiples(const Format& format) {
  for (std::size_t i = 0; i + 1 < format.values().size(); ++i) {
    if (!RoundsToEvenMultiple(format, i)) return false;
  }
  return format.values().size() >= 2;
}

bool IsSymmetric(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != -values[values.size() - 1 - i]) return false;
  }
  return true;
}

}  // namespace

std::optional<ByteGrid> FindByteGrid(const Format& format, std::int32_t zero) {
  const std::span<const double> values = format.values();
  if (values.size() > 256 || !RoundsToEvenMultiples(format)) return {};
  const double unit = values[1] - values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != unit) return {};
  }
  const double low = values.front() / unit, high = values.back() / unit;
  const bool fits_signed = low >= -128 && high <= 127 && zero >= -128 && zero <= 127;
  const bool fits_unsigned = low >= 0 && high <= 255 && zero >= 0 && zero <= 255;
  if (!fits_signed && !fits_unsigned) return {};
  return ByteGrid{unit, static_cast<int>(low), static_cast<int>(high), fits_signed};
}

std::optional<StepRuns> FindStepRuns(const Format& format) {
  if (!RoundsToEvenMultiples(format)) return {};
  const std::span<const double> values = format.values();
  StepRuns runs{values.front(), values.back(), {}, {values.back() - values[values.size() - 2]}};
  // From the greatest value down: the run of a magnitude is that of the interval above it.
  const bool symmetric = IsSymmetric(values);
  for (std::size_t i = values.size() - 1; i > 0; --i) {
    if (symmetric && values[i - 1] < 0) break;
    const double step = values[i] - values[i - 1];
    if (step == runs.steps.back()) continue;
    runs.steps.push_back(step);
    runs.bounds.push_back(values[i]);
  }
  std::reverse(runs.steps.begin(), runs.steps.end());
  std::reverse(runs.bounds.begin(), runs.bounds.end());
  if (runs.steps.size() > 1 && !symmetric && values.front() < 0) return {};
  return runs;
}

}  // namespace bw
