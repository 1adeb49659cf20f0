#include "bitwright/numerics/ideal_error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "bitwright/base/check.h"

namespace bw {
namespace {

// Integrals of p(t), t p(t) and t^2 p(t) over [x, infinity), x >= 0.
using Moments = std::array<double, 3>;

Moments NormalTail(double x) {
  const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
  const double mass = std::erfc(x / std::numbers::sqrt2) / 2;
  return {mass, density, x * density + mass};
}

Moments LaplaceTail(double x) {
  const double c = std::numbers::sqrt2, mass = std::exp(-c * x) / 2;
  return {mass, mass * (x + 1 / c), mass * (x * x + 2 * x / c + 2 / (c * c))};
}

Moments Tail(double x, Bell bell) {
  if (std::isinf(x)) return {0, 0, 0};
  return bell == Bell::kNormal ? NormalTail(x) : LaplaceTail(x);
}

// Integral of (t - q)^2 p(t) over [a, b], 0 <= a <= b.
double HalfCell(double q, double a, double b, Bell bell) {
  const Moments from = Tail(a, bell), to = Tail(b, bell);
  const double m0 = from[0] - to[0], m1 = from[1] - to[1], m2 = from[2] - to[2];
  return std::max(0.0, m2 - 2 * q * m1 + q * q * m0);
}

double Cell(double q, double a, double b, Bell bell) {
  double error = 0;
  if (b > 0) error += HalfCell(q, std::max(a, 0.0), b, bell);
  if (a < 0) error += HalfCell(-q, std::max(-b, 0.0), -a, bell);
  return error;
}

}  // namespace

double ExpectedSquaredError(const Format& format, double scale, Bell bell) {
  BW_CHECK(!format.values().empty() && scale > 0);
  const bool half = !format.info().is_signed;
  const std::span<const double> values = format.values(), thresholds = format.thresholds();
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double a = i == 0 ? -INFINITY : scale * thresholds[i - 1];
    const double b = i + 1 == values.size() ? INFINITY : scale * thresholds[i];
    const double low = half ? std::max(a, 0.0) : a;
    if (low < b) error += Cell(scale * values[i], low, b, bell);
  }
  return half ? 2 * error : error;
}

// A scan in steps of 1 % of the scale, then golden sections around its best.
IdealScale FindIdealScale(const Format& format, Bell bell) {
  const double top = std::max(format.info().max, -format.info().min);
  const auto error = [&](double scale) { return ExpectedSquaredError(format, scale, bell); };
  IdealScale best{1, INFINITY};
  for (double scale = 0.5 / top; scale <= 200.0 / top; scale *= 1.01) {
    const double e = error(scale);
    if (e < best.error) best = {scale, e};
  }
  double a = best.scale / 1.02, b = best.scale * 1.02;
  for (int i = 0; i < 50; ++i) {
    const double c = b - (b - a) / std::numbers::phi, d = a + (b - a) / std::numbers::phi;
    (error(c) < error(d) ? b : a) = error(c) < error(d) ? d : c;
  }
  best.scale = (a + b) / 2;
  best.error = error(best.scale);
  return best;
}

}  // namespace bw
