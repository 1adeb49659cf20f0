#include "bitwright/quant/learning/activation_rounder.h"

#include <algorithm>
#include <array>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/block_scale.h"

namespace bw {
namespace {

// Elements that share one draw of 64 coins.
constexpr std::size_t kDraw = 64;

QuantSpec SpecOf(const Node& node) {
  return QuantSpec::Parse(node.attributes.String("spec", "")).value();
}

// Bit j: element j of the draw keeps its rounding.
std::uint64_t Coins(std::optional<std::uint64_t> seed, std::size_t draw) {
  return seed ? RandomBits(*seed, draw) : ~std::uint64_t{0};
}

}  // namespace

ActivationRounder::ActivationRounder(const Node& node, const Shape& shape)
    : spec_(SpecOf(node)),
      grouping_(MakeGrouping(spec_.grain, shape).value()),
      round_(spec_.element),
      scale_(node.attributes.Float("scale", 1)),
      zero_(static_cast<std::int32_t>(node.attributes.Int("zero", 0))) {}

bool ActivationRounder::scale_can_move() const {
  return spec_.scale.name() == "fp32" && !IsDynamic(spec_);
}

void ActivationRounder::Forward(std::span<const float> x, std::span<float> y,
                                std::optional<std::uint64_t> drop_seed) const {
  if (IsDynamic(spec_)) {
    std::copy(x.begin(), x.end(), y.begin());
    FakeQuantizeDynamic(y, grouping_, spec_, scale_);
  } else {
    round_(x, &scale_, 0, zero_, y.data());
  }
  if (!drop_seed) return;
  for (std::size_t first = 0; first < x.size(); first += kDraw) {
    const std::uint64_t coins = Coins(drop_seed, first / kDraw);
    const std::size_t count = std::min(kDraw, x.size() - first);
    for (std::size_t j = 0; j < count; ++j)
      y[first + j] = (coins >> j & 1) != 0 ? y[first + j] : x[first + j];
  }
}

double ActivationRounder::Backward(std::span<const float> x, std::span<const float> y,
                                   std::span<const float> y_gradient, std::span<float> x_gradient,
                                   std::optional<std::uint64_t> drop_seed) const {
  if (IsDynamic(spec_)) {
    if (!x_gradient.empty()) std::copy(y_gradient.begin(), y_gradient.end(), x_gradient.begin());
    return 0;
  }
  const auto zero = static_cast<double>(zero_), scale = static_cast<double>(scale_);
  const auto low = static_cast<float>(scale * (spec_.element.info().min - zero));
  const auto high = static_cast<float>(scale * (spec_.element.info().max - zero));
  double total = 0;
  for (std::size_t first = 0; first < x.size(); first += kDraw) {
    const std::uint64_t coins = Coins(drop_seed, first / kDraw);
    const std::size_t count = std::min(kDraw, x.size() - first);
    std::array<float, kDraw> parts{};
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t i = first + j;
      const bool rounds = (coins >> j & 1) != 0;
      const bool inside = x[i] >= low && x[i] <= high;
      const float slope = inside ? y[i] - x[i] : y[i];
      parts[j] = rounds ? y_gradient[i] * slope : 0.0F;
      if (!x_gradient.empty()) x_gradient[i] = rounds && !inside ? 0.0F : y_gradient[i];
    }
    for (std::size_t width = kDraw / 2; width > 0; width /= 2) {
      for (std::size_t j = 0; j < width; ++j) parts[j] += parts[j + width];
    }
    total += static_cast<double>(parts[0]);
  }
  return total;
}

}  // namespace bw
