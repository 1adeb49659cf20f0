#include "bitwright/runtime/onednn/bytes.h"

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

// The float ratio is off by less than 2^-22 of itself.
constexpr float kDoubt = 0x1p-22F;

using Ints = std::int32_t __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

using Uint8s = std::uint8_t __attribute__((vector_size(kLanes), aligned(1), may_alias));
using Int8s = std::int8_t __attribute__((vector_size(kLanes), aligned(1), may_alias));

inline __attribute__((always_inline)) void Put(const Ints& stored, std::uint8_t* out) {
  *reinterpret_cast<Uint8s*>(out) = __builtin_convertvector(stored, Uint8s);
}
inline __attribute__((always_inline)) void Put(const Ints& stored, std::int8_t* out) {
  *reinterpret_cast<Int8s*>(out) = __builtin_convertvector(stored, Int8s);
}

inline __attribute__((always_inline)) void TakeMagnitude(Lanes& x) {
  reinterpret_cast<Ints&>(x) &= 0x7fffffff;
}

// By reference: vectors do not cross calls.
inline __attribute__((always_inline)) void ToFloats(const std::int32_t* sums, Lanes& floats) {
  floats = __builtin_convertvector(*reinterpret_cast<const Ints*>(sums), Lanes);
}
inline __attribute__((always_inline)) void ToFloats(const float* sums, Lanes& floats) {
  floats = *reinterpret_cast<const Lanes*>(sums);
}

template <typename Sum, typename T>
struct AffineStore {
  const Sum* sums;
  const float* multiplier;
  const float* bias;
  Lanes low, high, inverse, least, most;
  std::int32_t offset;
  T* out;

  // Sixteen elements from i on; a lane of `doubts` is not 0 where a rounding is in doubt.
  inline __attribute__((always_inline)) void At(std::size_t i, Ints& doubts) const {
    Lanes sum;
    ToFloats(sums + i, sum);
    const Lanes product = sum * *reinterpret_cast<const Lanes*>(multiplier + i);
    const Lanes y = product + *reinterpret_cast<const Lanes*>(bias + i);
    const Lanes raised = y < low ? low : y;
    const Lanes ratio = (high < raised ? high : raised) * inverse;
    const Lanes risen = ratio < least ? least : ratio;
    const Lanes inside = most < risen ? most : risen;
    const Lanes integer = (inside + kMagic) - kMagic;
    const Ints stored = __builtin_convertvector(integer, Ints) + offset;
    Put(stored, out + i);
    Lanes distance = inside - integer, size = inside;
    TakeMagnitude(distance);
    distance -= 0.5F;
    TakeMagnitude(distance);
    TakeMagnitude(size);
    doubts |= distance <= kDoubt * size;
  }
};

// Whole vectors, the last one over elements that were done already; count >= kLanes.
template <typename Sum, typename T>
BW_VECTORIZE bool StoreAffine(const Sum* sums, const float* multiplier, const float* bias,
                              float low, float high, const UniformGrid& grid, T* out,
                              std::size_t count) {
  const AffineStore<Sum, T> store{sums,
                                  multiplier,
                                  bias,
                                  low - Lanes{},
                                  high - Lanes{},
                                  grid.inverse - Lanes{},
                                  grid.low - Lanes{},
                                  grid.high - Lanes{},
                                  grid.offset,
                                  out};
  Ints doubts = {};
  for (std::size_t i = 0; i + kLanes <= count; i += kLanes) store.At(i, doubts);
  store.At(count - kLanes, doubts);
  std::int32_t any = 0;
  for (std::size_t l = 0; l < kLanes; ++l) any |= doubts[l];
  return any == 0;
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

template <typename Sum>
bool AffineToBytes(const Sum* sums, const float* multiplier, const float* bias, float low,
                   float high, const UniformGrid& grid, DType dtype, void* out, std::size_t count) {
  if (count < kLanes) return false;
  if (dtype == DType::kUint8) {
    return StoreAffine(sums, multiplier, bias, low, high, grid, static_cast<std::uint8_t*>(out),
                       count);
  }
  return StoreAffine(sums, multiplier, bias, low, high, grid, static_cast<std::int8_t*>(out),
                     count);
}

template bool AffineToBytes(const std::int32_t*, const float*, const float*, float, float,
                            const UniformGrid&, DType, void*, std::size_t);
template bool AffineToBytes(const float*, const float*, const float*, float, float,
                            const UniformGrid&, DType, void*, std::size_t);

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
