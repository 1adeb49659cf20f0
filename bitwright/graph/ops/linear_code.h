#pragma once
// Integers with scale and zero point: real = (code - zero) * scale, for one scale, one for each
// slice of an axis, or one for each block along it.

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

inline constexpr DType kCodes[] = {DType::kUint8, DType::kInt8, DType::kInt32};
inline constexpr DType kBytes[] = {DType::kUint8, DType::kInt8};

// Strides over x that find an element's scale in a tensor of shape `scale`.
struct ScalePlaces {
  std::vector<std::int64_t> strides;
  std::size_t axis = 0;
  std::int64_t block = 1;  // elements along the axis that share a scale
};

inline Expected<ScalePlaces> PlaceScales(const Node& node, const Shape& x, const Shape& scale) {
  ScalePlaces places{std::vector<std::int64_t>(x.size(), 0), 0, 1};
  if (ElementCount(scale) == 1) return places;
  BW_ASSIGN(places.axis, NormalAxis(node.attributes.Int("axis", 1), x.size()));
  const std::int64_t block = node.attributes.Int("block_size", 0);
  if (block <= 0 && scale == Shape{x[places.axis]}) {
    places.strides[places.axis] = 1;
    return places;
  }
  bool fits = block > 0 && scale.size() == x.size();
  for (std::size_t i = 0; fits && i < x.size(); ++i) {
    // Rounded up; a block may be as long as an integer can say.
    const std::int64_t wanted = i == places.axis ? x[i] / block + (x[i] % block != 0) : x[i];
    fits = wanted == scale[i];
  }
  if (!fits) {
    return Fail(
        "scale is {} for input {}, a scalar, one for each slice of axis {} or one for each "
        "block of block_size is needed",
        ShapeText(scale), ShapeText(x), places.axis);
  }
  places.strides = Strides(scale);
  places.block = block;
  return places;
}

// f(i, s) for each element i and the place s of its scale.
template <typename F>
void ForEachScaled(const Shape& x, const ScalePlaces& places, F f) {
  auto strides = places.strides;
  const std::int64_t along = places.block > 1 ? strides[places.axis] : 0;
  if (places.block > 1) strides[places.axis] = 0;
  const std::int64_t inner = Product(x, std::min(places.axis + 1, x.size()), x.size());
  const std::int64_t extent = x.empty() ? 1 : x[places.axis];
  ForEach(x, std::array{strides}, [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
    const std::int64_t row = static_cast<std::int64_t>(i) / inner % extent;
    f(i, static_cast<std::size_t>(at[0] + row / places.block * along));
  });
}

inline std::vector<double> ZerosOf(std::span<const ConstTensorRef> inputs, std::size_t i,
                                   std::size_t count) {
  std::vector<double> zeros(count, 0);
  if (i >= inputs.size() || inputs[i].data == nullptr) return zeros;
  DispatchNumeric(inputs[i].dtype, [&]<typename T>() {
    const auto from = inputs[i].span<T>();
    for (std::size_t k = 0; k < count; ++k) zeros[k] = static_cast<double>(from[k]);
  });
  return zeros;
}

// Saturated to T after rounding to the nearest integer, ties to even. NaN is 0.
template <typename T>
T Saturated(double x) {
  if (std::isnan(x)) return 0;
  const double rounded = std::nearbyint(x);
  return static_cast<T>(std::clamp(rounded, static_cast<double>(std::numeric_limits<T>::min()),
                                   static_cast<double>(std::numeric_limits<T>::max())));
}

inline Expected<void> CheckScalar(const InferInput& in, std::size_t i, std::string_view what) {
  if (!in.has(i) || ElementCount(in.types[i].shape) == 1) return {};
  return Fail("input {} ({}) is {}, a scalar is needed", i, what, ShapeText(in.types[i].shape));
}

}  // namespace bw::ops
