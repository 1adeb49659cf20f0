#include "bitwright/number/canonical_number.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/base/check.h"

namespace bw::number {
namespace {

constexpr int kMaxFloatExponent = std::numeric_limits<float>::max_exponent - 1;
constexpr int kMinFloatExponent =
    std::numeric_limits<float>::min_exponent - std::numeric_limits<float>::digits;

// The largest float that is not above `value`.
float FloatAtMost(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) > value ? std::nextafter(nearest, 0.0F) : nearest;
}

class Canonical : public Representation {
 public:
  Canonical(std::string name, int ne, int nf, int own_bias, int bias)
      : Representation(std::move(name), bias, 1 + ne + nf,
                       ne == 0   ? Kind::kOther
                       : nf == 0 ? Kind::kExponential
                                 : Kind::kFloating),
        ne_(ne),
        nf_(nf),
        bias_(own_bias + bias),
        unit_(std::ldexp(1.0, (nf == 0 ? 1 : 1 - nf) - bias_)) {
    double smallest = unit_, max = 0;
    if (ne == 0) {
      max = unit_ * (std::ldexp(1.0, nf) - 1);
    } else {
      max = (2 - std::ldexp(1.0, -nf)) * std::ldexp(1.0, (1 << ne) - 1 - bias_);
    }
    if (nf == 0) {  // EXP is wider than float32: what no float holds is left out
      smallest = std::max(smallest, std::ldexp(1.0, kMinFloatExponent));
      max = std::min(max, std::ldexp(1.0, kMaxFloatExponent));
    }
    max_ = FloatAtMost(max);
    // Outside float32, the true maximum, by which it is refused.
    const bool fits = max_ > 0 && max <= static_cast<double>(std::numeric_limits<float>::max());
    set_range(smallest, fits ? static_cast<double>(max_) : max);
  }

  float Round(float value) const override {
    const double magnitude = std::fabs(static_cast<double>(value));
    if (!(magnitude < static_cast<double>(max_))) {
      return std::isnan(value) ? 0 : std::copysign(max_, value);
    }
    const double rounded = RoundMagnitude(magnitude);
    return static_cast<float>(value < 0 && rounded != 0 ? -rounded : rounded);
  }

  std::uint32_t Encode(float value) const override {
    const float rounded = Round(value);
    if (rounded == 0) return 0;
    const double magnitude = std::fabs(static_cast<double>(rounded));
    const std::uint32_t sign = rounded < 0 ? std::uint32_t{1} << (ne_ + nf_) : 0;
    const int exponent = std::ilogb(magnitude) + bias_;
    if (ne_ == 0 || exponent < 1) return sign | static_cast<std::uint32_t>(magnitude / unit_);
    const double fraction = magnitude / std::ldexp(1.0, exponent - bias_) - 1;
    return sign | static_cast<std::uint32_t>(exponent) << nf_ |
           static_cast<std::uint32_t>(std::ldexp(fraction, nf_));
  }

  float Decode(std::uint32_t code) const override {
    const std::uint32_t fraction = code & ((std::uint32_t{1} << nf_) - 1);
    const auto exponent = static_cast<int>(code >> nf_ & ((std::uint32_t{1} << ne_) - 1));
    const bool negative = (code >> (ne_ + nf_) & 1) != 0;
    const double significand =
        static_cast<double>(fraction) + (exponent == 0 ? 0 : std::ldexp(1.0, nf_));
    const double magnitude = std::ldexp(significand * unit_, std::max(exponent, 1) - 1);
    return static_cast<float>(negative ? -magnitude : magnitude) + 0.0F;
  }

 private:
  // Below max_: the nearest multiple of the step at that magnitude.
  double RoundMagnitude(double magnitude) const {
    if (ne_ == 0 || magnitude < std::ldexp(unit_, nf_)) {
      return std::min(std::nearbyint(magnitude / unit_) * unit_, static_cast<double>(max_));
    }
    const int exponent = std::ilogb(magnitude);
    const double step = std::ldexp(1.0, exponent - nf_);
    if (nf_ > 0) return std::nearbyint(magnitude / step) * step;
    const bool even = (exponent + bias_) % 2 == 0;  // a tie goes to the even exponent field
    const bool up = even ? magnitude > 1.5 * step : magnitude >= 1.5 * step;
    return up ? 2 * step : step;
  }

  int ne_, nf_, bias_;
  double unit_;  // the smallest value above zero
  float max_ = 0;
};

}  // namespace

std::unique_ptr<Representation> MakeCanonical(std::string name, int ne, int nf, int own_bias,
                                              int bias) {
  BW_CHECK(ne >= 0 && nf >= 0 && ne + nf >= 1 && ne + nf <= 31);
  return std::make_unique<Canonical>(std::move(name), ne, nf, own_bias, bias);
}

}  // namespace bw::number
