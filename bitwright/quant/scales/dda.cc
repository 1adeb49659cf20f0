// ESB's distribution difference aligner (arXiv 2109.03513, section 3): scale = alpha * std, where
// alpha minimises the expected squared error of the format on a standard normal; here for any
// element format, by exact integration. For tensors without negative values the root mean square
// stands for the standard deviation and the half normal for the normal (our interpretation; the
// optimum is the same alpha).

#include <cmath>
#include <map>
#include <mutex>
#include <numbers>

#include "bitwright/quant/scale_method.h"

namespace bw::scales {
namespace {

double Density(double t) { return std::exp(-t * t / 2) / std::sqrt(2 * std::numbers::pi); }
double Below(double t) { return std::erfc(-t / std::numbers::sqrt2) / 2; }

// Integral of (t - q)^2 p(t) over [a, b] for the standard normal p.
double CellError(double q, double a, double b) {
  const auto edge = [](double t) { return std::isinf(t) ? 0.0 : t * Density(t); };
  const double mass = Below(b) - Below(a);
  return mass * (1 + q * q) + edge(a) - edge(b) - 2 * q * (Density(a) - Density(b));
}

// DDA(alpha): expected squared error over t >= low (0 for formats without negative values).
double ExpectedError(const Format& element, double alpha, double low) {
  const std::span<const double> values = element.values(), thresholds = element.thresholds();
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double a = std::max(low, i == 0 ? -INFINITY : alpha * thresholds[i - 1]);
    const double b = i + 1 == values.size() ? INFINITY : alpha * thresholds[i];
    if (a < b) error += CellError(alpha * values[i], a, b);
  }
  return error;
}

// A scan over alpha in steps of 1 %, then golden-section refinement around its best.
double BestAlpha(const Format& element) {
  const double low = element.info().is_signed ? -INFINITY : 0.0;
  const auto error = [&](double alpha) { return ExpectedError(element, alpha, low); };
  const double top = element.info().max;
  double best = 1 / top, best_error = INFINITY;
  for (double alpha = 0.5 / top; alpha <= 200.0 / top; alpha *= 1.01) {
    const double e = error(alpha);
    if (e < best_error) {
      best = alpha;
      best_error = e;
    }
  }
  double a = best / 1.02, b = best * 1.02;
  for (int i = 0; i < 60; ++i) {
    const double c = b - (b - a) / std::numbers::phi, d = a + (b - a) / std::numbers::phi;
    if (error(c) < error(d))
      b = d;
    else
      a = c;
  }
  return (a + b) / 2;
}

double CachedAlpha(const Format& element) {
  static std::mutex mutex;
  static std::map<std::string, double> cache;
  const std::scoped_lock lock(mutex);
  const auto found = cache.find(element.name());
  return found != cache.end() ? found->second : cache[element.name()] = BestAlpha(element);
}

Expected<Scale> Choose(const ScaleInput& input, double) {
  if (!input.spec->symmetric)
    return FailUsage("scale method 'dda' has no asymmetric form; use mse, max or percentile");
  if (input.spec->element.values().empty() || input.spec->element.bits() > 12) {
    return FailUsage("scale method 'dda' is for formats of at most 12 bits, '{}' has {}; use mse",
                     input.spec->element.name(), input.spec->element.bits());
  }
  double sum = 0, squares = 0;
  for (const float x : input.values) {
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  const auto n = static_cast<double>(input.values.size());
  const double mean = input.spec->element.info().is_signed ? sum / n : 0.0;
  const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  if (deviation == 0) return ScaleForRange(input.min, input.max, *input.spec);
  return Scale{CachedAlpha(input.spec->element) * deviation, 0};
}

}  // namespace

BW_ENTRY(ScaleMethod, dda) = {
    "dda", "ESB's distribution aligner: a multiple of the standard deviation", Choose};

}  // namespace bw::scales
