#include "bitwright/numerics/ideal_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace bw {
namespace {

Format Named(const char* name) { return Format::Parse(name).value(); }

// The mean over a fine grid of points, each rounded by the format itself.
double ByPoints(const Format& format, double scale, bool laplace) {
  constexpr double kStep = 1e-4, kEnd = 30;
  const bool half = !format.info().is_signed;
  double error = 0, mass = 0;
  for (double t = (half ? 0 : -kEnd) + kStep / 2; t < kEnd; t += kStep) {
    const double p = laplace ? std::exp(-std::numbers::sqrt2 * std::abs(t)) : std::exp(-t * t / 2);
    const double difference = t - scale * format.Round(t / scale);
    error += p * difference * difference;
    mass += p;
  }
  return error / mass;
}

TEST(IdealError, IsTheMeanOverTheDensity) {
  for (const char* name : {"int3", "uint4", "dybit4", "esb5_2", "uesb4_1", "e4m3fn", "binary"}) {
    const Format format = Named(name);
    for (const double scale : {0.3, 1.0}) {
      const double normal = ExpectedSquaredError(format, scale, Bell::kNormal);
      const double laplace = ExpectedSquaredError(format, scale, Bell::kLaplace);
      // The midpoint rule errs by the square of the step in smooth cells, by the step at jumps.
      EXPECT_NEAR(normal, ByPoints(format, scale, false), 1e-4 * normal) << name;
      EXPECT_NEAR(laplace, ByPoints(format, scale, true), 1e-4 * laplace) << name;
    }
  }
}

TEST(IdealError, OfOneValueIsTheVariance) {
  const Format ternary = Named("ternary");
  // Under a vanishing scale everything rounds to about 0.
  EXPECT_NEAR(ExpectedSquaredError(ternary, 1e-9, Bell::kNormal), 1, 1e-6);
  EXPECT_NEAR(ExpectedSquaredError(ternary, 1e-9, Bell::kLaplace), 1, 1e-6);
}

// Max's quantizers (IRE Trans. Inf. Theory 6(1), 1960, table I): one bit 2/pi, 0.3634.
TEST(IdealError, OfOneBitIsMaxs) {
  const IdealScale ideal = FindIdealScale(Named("binary"), Bell::kNormal);
  EXPECT_NEAR(ideal.scale, std::sqrt(2 / std::numbers::pi), 1e-6);
  EXPECT_NEAR(ideal.error, 1 - 2 / std::numbers::pi, 1e-9);
}

TEST(IdealError, NoOtherScaleIsBetter) {
  for (const char* name : {"int4", "dybit4", "esb4_1", "e2m1", "uint4"}) {
    const Format format = Named(name);
    for (const Bell bell : {Bell::kNormal, Bell::kLaplace}) {
      const IdealScale ideal = FindIdealScale(format, bell);
      for (const double factor : {0.5, 0.8, 0.97, 1.03, 1.25, 2.0}) {
        EXPECT_GE(ExpectedSquaredError(format, ideal.scale * factor, bell), ideal.error) << name;
      }
    }
  }
}

}  // namespace
}  // namespace bw
