#include "bitwright/tensor/scale_error.h"

#include <algorithm>
#include <array>

#include "bitwright/base/check.h"
#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/error_buckets.h"
#include "bitwright/tensor/squares.h"

namespace bw {
namespace {

constexpr std::size_t kChunk =
    1024;  // elements rounded at a time: input and output stay in the first cache

void DirectErrors(const ErrorTerms& terms, const RoundFunction& round,
                  std::span<const float> scales, std::span<const std::int32_t> zeros,
                  std::span<double> errors) {
  alignas(64) std::array<float, kChunk> rounded;
  for (std::size_t begin = 0; begin < terms.x.size(); begin += kChunk) {
    const std::size_t size = std::min(kChunk, terms.x.size() - begin);
    const std::span<const float> chunk = terms.x.subspan(begin, size);
    const float* const weights = terms.weights.empty() ? nullptr : terms.weights.data() + begin;
    for (std::size_t i = 0; i < scales.size(); ++i) {
      round(chunk, &scales[i], 0, zeros.empty() ? 0 : zeros[i], rounded.data());
      errors[i] += SumSquaredDifferences(chunk, rounded.data(), weights);
    }
  }
}

}  // namespace

void SquaredErrors(const ErrorTerms& terms, const Format& element, std::span<const float> scales,
                   std::span<const std::int32_t> zeros, std::span<double> errors) {
  BW_CHECK(scales.size() == errors.size());
  BW_CHECK(zeros.empty() || zeros.size() == scales.size());
  BW_CHECK(terms.weights.empty() || terms.weights.size() == terms.x.size());
  const RoundFunction round(element);
  std::fill(errors.begin(), errors.end(), 0.0);
  constexpr int kMostBits = 8;  // thresholds are few beside the elements
  if (terms.x.size() < kManyElements || scales.size() < kManyScales || element.bits() > kMostBits) {
    return DirectErrors(terms, round, scales, zeros, errors);
  }
  const ErrorBuckets buckets(terms);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    errors[i] = buckets.Error(element, scales[i], zeros.empty() ? 0 : zeros[i]);
  }
}

void SquaredErrors(std::span<const float> x, const Format& element, std::span<const float> scales,
                   std::span<double> errors) {
  SquaredErrors({x, {}}, element, scales, {}, errors);
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
