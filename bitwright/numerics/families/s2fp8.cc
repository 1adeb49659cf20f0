// S2FP8: a tensor is shifted and squeezed, y = sign(x) * 2^beta * |x|^alpha, and y is kept in e5m2.
// s2fp8[alpha;beta] has the values that come back, sign(y) * (2^-beta * |y|)^(1/alpha), rounded to
// float32; a value beyond float32 becomes infinity. The bare s2fp8 is alpha 1, beta 0 until it is
// fitted: alpha = 15 / (M - mu), beta = -alpha * mu, mu the mean and M the maximum of log2 |x| over
// the values other than 0, so that log2 |y| has mean 0 and maximum 15. Weights do not matter.
//
// Rounding is ours: to the nearest value of x, where the paper rounds y.

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/fitted_name.h"
#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"s2fp8"};
constexpr double kMaxLogarithm = 15;
// Float32 data needs no alpha below 15 / 277; above the other bound all values are nearly one.
constexpr float kLeastAlpha = 0x1p-5f, kMostAlpha = 0x1p10f;
// Of -beta / alpha, the logarithm of the value that becomes 1.
constexpr float kMostShift = 160;

double Decode(double alpha, double beta, Code code) {
  constexpr Canonical kForm{true, 5, 2, 15};
  constexpr Code kTop = 31;
  const double sign = kForm.Sign(code);
  if (kForm.Exponent(code) == kTop) {
    return kForm.Fraction(code) == 0 ? sign * std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::quiet_NaN();
  }
  const double y = std::fabs(kForm.Decode(code));
  if (y == 0) return 0;
  return sign * static_cast<double>(static_cast<float>(std::exp2((std::log2(y) - beta) / alpha)));
}

FormatDef Define(std::string name, float alpha, float beta, bool fitted) {
  return {std::move(name), 8,
          [a = static_cast<double>(alpha), b = static_cast<double>(beta)](Code code) {
            return Decode(a, b, code);
          },
          !fitted};
}

Expected<FormatDef> DefineFitted(std::string_view name, std::span<const float> numbers) {
  if (numbers.size() != 2) {
    return Fail("format '{}': {} numbers, allowed are 2, alpha and beta", name, numbers.size());
  }
  const float alpha = numbers[0], beta = numbers[1];
  if (!(alpha >= kLeastAlpha && alpha <= kMostAlpha)) {
    return Fail("format '{}': alpha is {}, allowed {} to {}", name, alpha, kLeastAlpha, kMostAlpha);
  }
  if (!(std::fabs(beta) <= alpha * kMostShift)) {
    return Fail("format '{}': beta is {}, allowed {} to {}", name, beta, -alpha * kMostShift,
                alpha * kMostShift);
  }
  return Define(MakeFittedName("s2fp8", numbers), alpha, beta, true);
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name == "s2fp8") return Define("s2fp8", 1, 0, false);
  std::optional<Expected<FittedName>> fitted;
  if (name.starts_with("s2fp8[")) fitted = ParseFittedName(name);
  if (!fitted) return std::nullopt;
  if (!*fitted) return tl::unexpected(fitted->error());
  return DefineFitted(name, (*fitted)->numbers);
}

Expected<std::string> Fit(std::string_view unfitted, std::span<const float> values,
                          std::span<const float> /*weights*/) {
  double sum = 0, most = -std::numeric_limits<double>::infinity();
  std::size_t count = 0;
  for (const float value : values) {
    if (value == 0) continue;
    const double logarithm = std::log2(std::fabs(static_cast<double>(value)));
    sum += logarithm;
    most = std::max(most, logarithm);
    ++count;
  }
  if (count == 0) return MakeFittedName(unfitted, std::vector<float>{1, 0});
  const double mean = sum / static_cast<double>(count);
  const double span = std::max(most - mean, kMaxLogarithm / static_cast<double>(kMostAlpha));
  const auto alpha = static_cast<float>(kMaxLogarithm / span);
  const auto beta = static_cast<float>(-static_cast<double>(alpha) * mean);
  return MakeFittedName(unfitted, std::vector<float>{alpha, beta});
}

}  // namespace

BW_ENTRY(FormatFamily, s2fp8) = {"s2fp8",
                                 "s2fp8 s2fp8[<alpha>;<beta>]",
                                 "e5m2 of the shifted and squeezed tensor",
                                 "S2FP8, ICLR 2020, arXiv 2001.05674",
                                 kExamples,
                                 Parse,
                                 Fit};

}  // namespace bw::families
