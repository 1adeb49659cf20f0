// The scale with the least squared error: a geometric scan wide enough for the format, then a fine
// one around its best. The scan follows the authors' code of DyBit (ANT): clip values of 75 to 150
// percent of the largest magnitude; ours is wider, since a format whose values crowd near zero
// (dybit8, minifloats) is best with its largest far above the data's.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "bitwright/quant/scale_method.h"
#include "bitwright/tensor/scale_error.h"

namespace bw::scales {
namespace {

constexpr double kNarrowest = 0.15;  // of the scale at which nothing clips
constexpr double kCoarseStep = 1.08;
constexpr double kFineStep = 1.01;
constexpr int kFineSteps = 8;  // on each side

// Up to where scaling up can pay: the format's largest over its median positive value.
double Widest(const Format& element) {
  const std::span<const double> values = element.values();
  const auto positive = std::upper_bound(values.begin(), values.end(), 0.0);
  if (positive == values.end()) return 1.5;
  const double median = positive[(values.end() - positive) / 2];
  return std::clamp(1.5 * values.back() / median / 2, 1.5, 64.0);
}

std::vector<float> Candidates(double base, const QuantSpec& spec) {
  std::vector<float> scales;
  const double widest = Widest(spec.element);
  for (double ratio = kNarrowest; ratio <= widest; ratio *= kCoarseStep) {
    const float scale = RoundScale(base * ratio, spec.scale);
    if (scales.empty() || scale != scales.back()) scales.push_back(scale);
  }
  return scales;
}

float Best(std::span<const float> values, const Format& element, const std::vector<float>& scales) {
  std::vector<double> errors(scales.size());
  SquaredErrors(values, element, scales, errors);
  return scales[static_cast<std::size_t>(std::min_element(errors.begin(), errors.end()) -
                                         errors.begin())];
}

Scale Symmetric(const ScaleInput& input) {
  const double base = ScaleForRange(input.min, input.max, *input.spec).scale;
  const float coarse = Best(input.values, input.spec->element, Candidates(base, *input.spec));
  std::vector<float> fine = {RoundScale(base, input.spec->scale)};  // exact for values on a grid
  for (int step = -kFineSteps; step <= kFineSteps; ++step) {
    fine.push_back(RoundScale(coarse * std::pow(kFineStep, step), input.spec->scale));
  }
  return {Best(input.values, input.spec->element, fine), 0};
}

double AsymmetricError(std::span<const float> values, const Scale& scale, const FormatInfo& info) {
  double error = 0;
  for (const float x : values) {
    const double code =
        std::clamp(std::nearbyint(x / scale.scale) + scale.zero, info.min, info.max);
    const double difference = x - scale.scale * (code - scale.zero);
    error += difference * difference;
  }
  return error;
}

Scale Asymmetric(const ScaleInput& input) {
  Scale best;
  double best_error = INFINITY;
  for (double ratio = 0.2; ratio <= 1.0001; ratio += 0.02) {
    Scale scale = ScaleForRange(input.min * ratio, input.max * ratio, *input.spec);
    scale.scale = RoundScale(scale.scale, input.spec->scale);
    const double error = AsymmetricError(input.values, scale, input.spec->element.info());
    if (error < best_error) {
      best = scale;
      best_error = error;
    }
  }
  return best;
}

}  // namespace

BW_ENTRY(ScaleMethod, mse) = {"mse", "the least squared error over the values",
                              [](const ScaleInput& input, double) -> Expected<Scale> {
                                return input.spec->symmetric ? Symmetric(input) : Asymmetric(input);
                              }};

}  // namespace bw::scales
