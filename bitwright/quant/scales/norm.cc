// A higher power than the square spares the rare large values: rounding errors within the range
// shrink with the step, clipping errors do not, so the more bits the less is clipped. The search
// over powers is after LAPQ (arXiv 1911.07190).

#include <cmath>

#include "bitwright/quant/scale_scan.h"

namespace bw::scales {
namespace {

constexpr int kLeast = 2, kMost = 8;

// Sum of |x - q|^power under one symmetric scale.
double Error(const ScaleInput& input, const Grouping& grouping, float scale, int power) {
  std::vector<float> rounded(input.values.begin(), input.values.end());
  QuantSpec spec = *input.spec;
  spec.grain = PerTensor{};
  BW_CHECK(FakeQuantize(rounded, grouping, spec, {{scale}, {}}).has_value());
  double error = 0;
  for (std::size_t i = 0; i < rounded.size(); ++i) {
    error += PowerOf(static_cast<double>(rounded[i]) - input.values[i], power);
  }
  return error;
}

Expected<Scale> Choose(const ScaleInput& input, double parameter) {
  const double power = std::isnan(parameter) ? 3 : parameter;
  if (power != std::floor(power) || power < kLeast || power > kMost) {
    return FailUsage("norm's power is {}, a whole number from {} to {} is needed", power, kLeast,
                     kMost);
  }
  const int p = static_cast<int>(power);
  if (!input.spec->symmetric) return ScanAsymmetric(input, p);
  BW_ASSIGN(const Grouping grouping,
            MakeGrouping(PerTensor{}, {static_cast<std::int64_t>(input.values.size())}));
  return ScanSymmetric(input, [&](std::span<const float> scales, std::span<double> errors) {
    for (std::size_t i = 0; i < scales.size(); ++i)
      errors[i] = Error(input, grouping, scales[i], p);
  });
}

}  // namespace

BW_ENTRY(ScaleMethod, norm) = {
    "norm", "the least sum of |error|^P, norm=P (default 3): the higher, the less is clipped",
    Choose};

}  // namespace bw::scales
