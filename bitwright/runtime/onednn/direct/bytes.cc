#include "bitwright/runtime/onednn/bytes.h"

#include <algorithm>

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

}  // namespace

std::optional<UniformGrid> FindUniformGrid(const IntegerGrid& grid) {
  const FormatInfo& info = grid.spec.element.info();
  const double low = info.min / grid.unit - grid.zero, high = info.max / grid.unit - grid.zero;
  if (static_cast<double>(info.distinct_values) != high - low + 1) return std::nullopt;
  return UniformGrid{static_cast<float>(1 / grid.step()), static_cast<float>(low),
                     static_cast<float>(high), grid.offset};
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
