#include "bitwright/runtime/onednn/bytes.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bw::kernels {
namespace {

// Adding it to |x| < 2^22 and taking it off again rounds x to an integer, halves to even.
constexpr float kMagic = 0x1.8p23F;

template <typename T>
BW_VECTORIZE void Store(const float* values, float inverse, std::int32_t offset, T* out,
                        std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float integer = (values[i] * inverse + kMagic) - kMagic;
    out[i] = static_cast<T>(static_cast<std::int32_t>(integer) + offset);
  }
}

template <typename T>
BW_VECTORIZE void Load(const T* from, float unit, float scale, std::int32_t offset, float* values,
                       std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = scale * (unit * static_cast<float>(static_cast<std::int32_t>(from[i]) - offset));
  }
}

template <typename Sum>
BW_VECTORIZE void AffineLoop(const Sum* sums, const float* multiplier, const float* bias, float* y,
                             std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float product = static_cast<float>(sums[i]) * multiplier[i];
    y[i] = product + bias[i];
  }
}

// A ratio in float, of two roundings, is off by less than this of itself.
constexpr double kOff = 0x1.0001p-23;
// A ratio of a byte's size in double is off by far less than this.
constexpr double kOffInDouble = 0x1p-30;

// The spacing of the integers from `low` to `high`, both powers of two or `low` 0; 0 where it is
// not even, or not a power of two that `low` is a multiple of.
std::int32_t Spacing(std::span<const std::int32_t> integers, std::int32_t low, std::int32_t high) {
  std::vector<std::int32_t> inside;
  for (const std::int32_t x : integers) {
    if (x >= low && x <= high) inside.push_back(x);
  }
  if (inside.size() < 2 || inside[0] != low) return inside == std::vector{low} ? high - low : 0;
  const std::int32_t spacing = inside[1] - low;
  for (std::size_t i = 1; i < inside.size(); ++i) {
    if (inside[i] - inside[i - 1] != spacing) return 0;
  }
  const bool fits = std::has_single_bit(static_cast<std::uint32_t>(spacing)) && low % spacing == 0;
  return fits ? spacing : 0;
}

// How far from an integer a ratio of at most `most` surely has it nearest.
float NearOf(double most) { return std::nextafter(static_cast<float>(0.5 - kOff * most), 0.0F); }

// False where the integers, in ascending order, are no such grid.
bool FindOctaves(std::span<const std::int32_t> integers, ByteGrid& grid) {
  std::vector<std::int32_t> positive;
  for (const std::int32_t x : integers) {
    const bool mirrored = std::find(integers.begin(), integers.end(), -x) != integers.end();
    if (integers.front() < 0 && !mirrored) return false;
    if (x >= 0) positive.push_back(x);
  }
  if (positive.empty() || positive[0] != 0) return false;
  constexpr std::size_t kFirst = 126;  // the exponent of what lies from 1/2 on
  double most_steps = 1;
  for (std::size_t octave = 0; octave < ByteGrid::kOctaves; ++octave) {
    const std::int32_t low = octave == 0 ? 0 : 1 << (octave - 1), high = 1 << octave;
    if (low > positive.back()) break;
    const std::int32_t spacing = Spacing(positive, low, high);
    if (spacing == 0) return false;
    const std::size_t slot = (kFirst + octave) % ByteGrid::kOctaves;
    grid.inverse_spacing[slot] = 1.0F / static_cast<float>(spacing);
    grid.shift[slot] = std::countr_zero(static_cast<std::uint32_t>(spacing));
    most_steps = std::max(most_steps, static_cast<double>(high) / spacing);
  }
  grid.even = false;
  grid.near = NearOf(most_steps);
  return true;
}

}  // namespace

std::optional<ByteGrid> FindByteGrid(const IntegerGrid& grid) {
  const FormatInfo& info = grid.spec.element.info();
  const double low = info.min / grid.unit - grid.zero, high = info.max / grid.unit - grid.zero;
  const auto inverse = static_cast<float>(1 / grid.step());
  if (grid.dtype == DType::kInt32 || !std::isnormal(inverse)) return std::nullopt;
  ByteGrid result{.law = grid};
  result.inverse = inverse;
  result.low = static_cast<float>(low);
  result.high = static_cast<float>(high);
  result.offset = grid.offset;
  if (static_cast<double>(info.distinct_values) == high - low + 1) {
    result.near = NearOf(std::max(-low, high));
    return result;
  }
  std::vector<std::int32_t> integers;
  for (const double value : grid.spec.element.values())
    integers.push_back(static_cast<std::int32_t>(value / grid.unit));
  if (!grid.spec.symmetric || !FindOctaves(integers, result)) return std::nullopt;
  return result;
}

namespace {

// To the nearest integer, in double; how far from a tie the least sure one lies.
BW_VECTORIZE double NearestInDouble(const float* y, float low, float high, const ByteGrid& grid,
                                    std::uint8_t* out, std::size_t count) {
  constexpr double kDoubleMagic = 0x1.8p52;
  const double step = grid.law.step();
  const auto least = static_cast<double>(grid.low), greatest = static_cast<double>(grid.high);
  const std::int32_t offset = grid.offset;
  double most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float raised = y[i] < low ? low : y[i];
    const float bounded = high < raised ? high : raised;
    double ratio = static_cast<double>(bounded) / step;
    ratio = ratio < least ? least : ratio;
    ratio = greatest < ratio ? greatest : ratio;
    const double integer = (ratio + kDoubleMagic) - kDoubleMagic;
    const double off = std::abs(ratio - integer);
    most = off > most ? off : most;
    out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(integer) + offset);
  }
  return 0.5 - most;
}

}  // namespace

void SettleBytes(const float* y, float low, float high, const ByteGrid& grid, std::uint8_t* out,
                 std::size_t count) {
  if (grid.even && NearestInDouble(y, low, high, grid, out, count) > kOffInDouble) return;
  for (std::size_t i = 0; i < count; ++i) {
    const float bounded = std::min(std::max(y[i], low), high);
    out[i] = static_cast<std::uint8_t>(StoreOnGrid(bounded, grid.law));
  }
}

BW_VECTORIZE void Interleave(const std::uint8_t* x, std::uint8_t* y, std::size_t columns) {
  for (std::size_t i = 0; i < columns; ++i) {
    y[3 * i] = x[i];
    y[3 * i + 1] = x[columns + i];
    y[3 * i + 2] = x[2 * columns + i];
  }
}

template <typename Sum>
void Affine(const Sum* sums, const float* multiplier, const float* bias, float* y,
            std::size_t count) {
  AffineLoop(sums, multiplier, bias, y, count);
}
template void Affine(const std::int32_t*, const float*, const float*, float*, std::size_t);
template void Affine(const float*, const float*, const float*, float*, std::size_t);

BW_VECTORIZE void ClipTo(float* x, float low, float high, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float raised = x[i] < low ? low : x[i];
    x[i] = high < raised ? high : raised;
  }
}

// The quotient lies within 2^-22 of its integer: that is what is found.
void ValuesToIntegers(const float* values, const IntegerGrid& grid, void* out, std::size_t count) {
  const auto inverse = static_cast<float>(1 / grid.step());
  DispatchStored(grid.dtype, [&]<typename T>() {
    Store(values, inverse, grid.offset, static_cast<T*>(out), count);
  });
}

void IntegersToValues(const void* from, const IntegerGrid& grid, float* values, std::size_t count) {
  const auto unit = static_cast<float>(grid.unit);
  DispatchStored(grid.dtype, [&]<typename T>() {
    Load(static_cast<const T*>(from), unit, grid.scale, grid.offset, values, count);
  });
}

GridRounder::GridRounder(const IntegerGrid& grid) : grid_(grid), params_{{grid.scale}, {}} {
  if (!grid.spec.symmetric) params_.zeros = {grid.zero};
}

void GridRounder::Round(std::span<float> values) const {
  Grouping whole;
  whole.inner = static_cast<std::int64_t>(values.size());
  whole.outer_shared = true;
  BW_CHECK(FakeQuantize(values, whole, grid_.spec, params_).has_value());
}

}  // namespace bw::kernels
