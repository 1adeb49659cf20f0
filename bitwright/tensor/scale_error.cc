#include "bitwright/tensor/scale_error.h"

#include <algorithm>
#include <array>

#include "bitwright/base/check.h"
#include "bitwright/tensor/code_kernels.h"

namespace bw {
namespace {

constexpr std::size_t kChunk =
    1024;  // elements rounded at a time: input and output stay in the first cache
constexpr std::size_t kLanes = 8;  // partial sums; element i goes to sum i % kLanes

double SumSquaredDifferences(std::span<const float> a, const float* b) {
  std::array<double, kLanes> sums = {};
  const std::size_t whole = a.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double difference = static_cast<double>(a[i + lane]) - static_cast<double>(b[i + lane]);
      sums[lane] += difference * difference;
    }
  }
  for (std::size_t i = whole; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sums[i - whole] += difference * difference;
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

void SquaredErrors(std::span<const float> x, const Format& element, std::span<const float> scales,
                   std::span<double> errors) {
  BW_CHECK(scales.size() == errors.size());
  const RoundFunction round(element);
  std::fill(errors.begin(), errors.end(), 0.0);
  std::array<float, kChunk> rounded;
  for (std::size_t begin = 0; begin < x.size(); begin += kChunk) {
    const std::span<const float> chunk = x.subspan(begin, std::min(kChunk, x.size() - begin));
    for (std::size_t i = 0; i < scales.size(); ++i) {
      round(chunk, &scales[i], 0, 0, rounded.data());
      errors[i] += SumSquaredDifferences(chunk, rounded.data());
    }
  }
}

double SquaredError(std::span<const float> x, const Format& element, float scale) {
  double error = 0;
  SquaredErrors(x, element, std::span(&scale, 1), std::span(&error, 1));
  return error;
}

float RoundScale(double scale, const Format& scale_format) {
  const double rounded = scale_format.Round(scale);
  return static_cast<float>(std::max(rounded, scale_format.info().smallest_positive));
}

}  // namespace bw
