#include "bitwright/tensor/block_scale.h"

#include <algorithm>
#include <cmath>

#include "bitwright/tensor/group_runs.h"
#include "bitwright/tensor/scale_error.h"

namespace bw {
namespace {

std::vector<float> LargestMagnitudes(std::span<const float> values, const Grouping& grouping) {
  std::vector<float> largest(static_cast<std::size_t>(grouping.groups()), 0.0f);
  ForEachRun(grouping, [&](const GroupRun& run) {
    for (std::size_t i = 0; i < run.size; ++i) {
      const float magnitude = std::fabs(values[run.begin + i]);
      float& most = largest[run.group + i * run.step];
      if (std::isfinite(magnitude)) most = std::max(most, magnitude);
    }
  });
  return largest;
}

float PowerOfTwoScale(float magnitude, double element_max) {
  constexpr int kLimit = 127;
  const int exponent = std::ilogb(magnitude) - std::ilogb(element_max);
  return std::ldexp(1.0f, std::clamp(exponent, -kLimit, kLimit));
}

double Largest(std::span<const float> magnitudes) {
  return magnitudes.empty() ? 0 : *std::max_element(magnitudes.begin(), magnitudes.end());
}

}  // namespace

Expected<float> HoldScale(double scale, const Format& scale_format) {
  const FormatInfo& info = scale_format.info();
  const double rounded = scale_format.Round(scale);
  const std::span<const double> thresholds = scale_format.thresholds();
  const double half_gap = thresholds.empty() ? 0 : info.max - thresholds.back();
  if (rounded > 0 && scale <= info.max + half_gap) return static_cast<float>(rounded);
  return Fail("scale format '{}' cannot hold the scale, got {}, allowed is {} to {}; try fp32{}",
              scale_format.name(), scale, info.smallest_positive, info.max,
              scale_format.bits() <= 8 ? " or " + scale_format.name() + "*fp32" : "");
}

Expected<QuantParams> BlockScales(std::span<const float> values, const Grouping& grouping,
                                  const QuantSpec& spec, std::optional<float> outer) {
  if (!spec.symmetric) {
    return Fail("spec '{}': scales by the maximum have no zero points, allowed are symmetric specs",
                spec.ToString());
  }
  const double element_max = spec.element.info().max;
  const std::vector<float> magnitudes = LargestMagnitudes(values, grouping);
  QuantParams params;
  if (spec.two_level) params.tensor_scale = outer ? *outer : OuterScale(Largest(magnitudes), spec);
  for (const float magnitude : magnitudes) {
    const double wanted = static_cast<double>(magnitude) / element_max;
    if (magnitude == 0) {
      params.scales.push_back(RoundScale(1, spec.scale) * params.tensor_scale);
    } else if (spec.two_level) {
      params.scales.push_back(
          RoundScale(wanted / static_cast<double>(params.tensor_scale), spec.scale) *
          params.tensor_scale);
    } else if (spec.scale.name() == "e8m0") {
      params.scales.push_back(PowerOfTwoScale(magnitude, element_max));
    } else {
      const Expected<float> scale = HoldScale(wanted, spec.scale);
      if (!scale) {
        return Context(fmt::format("spec '{}': group {}", spec.ToString(), params.scales.size()),
                       scale.error());
      }
      params.scales.push_back(*scale);
    }
  }
  return params;
}

float OuterScale(double magnitude, const QuantSpec& spec) {
  const auto outer =
      static_cast<float>(magnitude / spec.element.info().max / spec.scale.info().max);
  return outer > 0 ? outer : 1.0f;
}

bool IsDynamic(const QuantSpec& spec) {
  const bool blocks =
      std::holds_alternative<PerBlock>(spec.grain) || std::holds_alternative<PerTile>(spec.grain);
  return blocks && spec.symmetric && (spec.two_level || spec.scale.name() == "e8m0");
}

void FakeQuantizeDynamic(std::span<float> values, const Grouping& grouping, const QuantSpec& spec,
                         float outer) {
  const Expected<QuantParams> params = BlockScales(values, grouping, spec, outer);
  BW_CHECK(params.has_value());
  BW_CHECK(FakeQuantize(values, grouping, spec, *params).has_value());
}

}  // namespace bw
