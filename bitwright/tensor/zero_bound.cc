#include "bitwright/tensor/zero_bound.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace bw {

std::optional<std::size_t> MirroredZero(const Format& format) {
  const std::span<const double> values = format.values();
  const auto zero = std::find(values.begin(), values.end(), 0.0);
  const auto below = static_cast<std::size_t>(zero - values.begin());
  if (zero == values.end() || (below != 0 && 2 * below + 1 != values.size())) return std::nullopt;
  for (std::size_t i = 0; i < below; ++i) {
    if (values[i] != -values[values.size() - 1 - i]) return std::nullopt;
  }
  return below;
}

bool ZeroBound::Set(const Format& format) {
  const std::span<const double> values = format.values();
  const auto zero = std::find(values.begin(), values.end(), 0.0);
  if (zero == values.end() || zero + 1 == values.end()) return false;
  const auto i = static_cast<std::size_t>(zero - values.begin());
  threshold = static_cast<float>(format.thresholds()[i]);
  tie_up = format.ties_up()[i] != 0;
  return static_cast<double>(threshold) == format.thresholds()[i];
}

float ZeroBound::Greatest(float scale) const {
  const double bound = static_cast<double>(threshold) * static_cast<double>(scale);
  const auto nearest = static_cast<float>(bound);
  const bool beyond =
      tie_up ? static_cast<double>(nearest) >= bound : static_cast<double>(nearest) > bound;
  return beyond ? std::bit_cast<float>(std::bit_cast<std::uint32_t>(nearest) - 1) : nearest;
}

}  // namespace bw
