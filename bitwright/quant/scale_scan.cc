#include "bitwright/quant/scale_scan.h"

#include <algorithm>
#include <cmath>

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

float Best(const ScaleErrors& errors_of, const std::vector<float>& scales) {
  std::vector<double> errors(scales.size());
  errors_of(scales, errors);
  return scales[static_cast<std::size_t>(std::min_element(errors.begin(), errors.end()) -
                                         errors.begin())];
}

double AsymmetricError(std::span<const float> values, const Scale& scale, const FormatInfo& info,
                       int power) {
  double error = 0;
  for (const float x : values) {
    const double code =
        std::clamp(std::nearbyint(x / scale.scale) + scale.zero, info.min, info.max);
    const double difference = x - scale.scale * (code - scale.zero);
    error += PowerOf(difference, power);
  }
  return error;
}

}  // namespace

double PowerOf(double x, int power) {
  double result = 1;
  for (int i = 0; i < power; ++i) result *= std::abs(x);
  return result;
}

Scale ScanSymmetric(const ScaleInput& input, const ScaleErrors& errors_of) {
  const double base = ScaleForRange(input.min, input.max, *input.spec).scale;
  const float coarse = Best(errors_of, Candidates(base, *input.spec));
  std::vector<float> fine = {RoundScale(base, input.spec->scale)};  // exact for values on a grid
  for (int step = -kFineSteps; step <= kFineSteps; ++step) {
    fine.push_back(RoundScale(coarse * std::pow(kFineStep, step), input.spec->scale));
  }
  return {Best(errors_of, fine), 0};
}

Scale ScanAsymmetric(const ScaleInput& input, int power) {
  Scale best;
  double best_error = INFINITY;
  for (double ratio = 0.2; ratio <= 1.0001; ratio += 0.02) {
    Scale scale = ScaleForRange(input.min * ratio, input.max * ratio, *input.spec);
    scale.scale = RoundScale(scale.scale, input.spec->scale);
    const double error = AsymmetricError(input.values, scale, input.spec->element.info(), power);
    if (error < best_error) {
      best = scale;
      best_error = error;
    }
  }
  return best;
}

}  // namespace bw::scales
