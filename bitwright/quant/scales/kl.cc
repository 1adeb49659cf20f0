// The range whose values, rounded, have the distribution nearest to the tensor's: the least
// Kullback-Leibler divergence between the histogram of magnitudes, what lies beyond the range
// gathered at its end, and the histogram of their rounded values, each spread evenly over the bins
// that round to it (Migacz, "8-bit inference with TensorRT", GTC 2017, for any element format).

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "bitwright/quant/scale_method.h"

namespace bw::scales {
namespace {

constexpr std::size_t kBins = 2048, kFirst = 128, kStep = 16;

// Of p from q: p the first `used` bins with the rest gathered in the last, q the same without the
// rest, averaged over runs of bins that round to one value.
double Divergence(std::span<const double> histogram, std::size_t used, double bin,
                  const QuantSpec& spec, double scale) {
  double rest = 0, inside = 0, sum = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) (i < used ? inside : rest) += histogram[i];
  if (inside == 0) return std::numeric_limits<double>::infinity();
  const auto value = [&](std::size_t i) {
    return spec.element.Round((static_cast<double>(i) + 0.5) * bin / scale);
  };
  for (std::size_t begin = 0, end = 0; begin < used; begin = end) {
    double count = 0, bins = 0;
    const double same = value(begin);
    for (end = begin; end < used && value(end) == same; ++end) {
      count += histogram[end];
      bins += histogram[end] > 0 ? 1 : 0;
    }
    const double q = std::max(count / std::max(bins, 1.0), 0.5);
    for (std::size_t i = begin; i < end; ++i) {
      const double p = histogram[i] + (i + 1 == used ? rest : 0);
      if (p > 0) sum += p * std::log(p / q);
    }
  }
  const double total = inside + rest;
  return sum / total + std::log(inside / total);
}

Expected<Scale> Choose(const ScaleInput& input, double) {
  if (!input.spec->symmetric)
    return FailUsage("scale method 'kl' has no asymmetric form; use mse, max or percentile");
  if (input.spec->element.values().empty()) {
    return FailUsage("scale method 'kl' is for formats of listed values, '{}' has {} bits; use mse",
                     input.spec->element.name(), input.spec->element.bits());
  }
  const double most = std::max(std::abs(input.min), std::abs(input.max));
  const double bin = most / static_cast<double>(kBins);
  std::vector<double> histogram(kBins, 0.0);
  for (const float x : input.values) {
    const auto at = static_cast<std::size_t>(std::abs(static_cast<double>(x)) / bin);
    histogram[std::min(at, kBins - 1)] += 1;
  }
  Scale best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t used = kFirst; used <= kBins; used += kStep) {
    const double range = static_cast<double>(used) * bin;
    const Scale scale = ScaleForRange(input.min < 0 ? -range : 0, range, *input.spec);
    const double divergence = Divergence(histogram, used, bin, *input.spec, scale.scale);
    if (divergence >= least) continue;
    least = divergence;
    best = scale;
  }
  return best;
}

}  // namespace

BW_ENTRY(ScaleMethod, kl) = {
    "kl", "the distribution of the rounded values nearest to the tensor's (TensorRT)", Choose};

}  // namespace bw::scales
