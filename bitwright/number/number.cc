#include "bitwright/number/number.h"

#include <cmath>
#include <limits>
#include <utility>

namespace bw::number {
namespace {

Number Result(float value, const Number& a, const Number& b) {
  return {value, Representation::Wider(a.format(), b.format())};
}

Number Result(float value, const Number& a) { return {value, a.format()}; }

}  // namespace

Number::Number(Number&& other) noexcept
    : value_(other.value_),
      format_(other.format_),
      binding_(std::exchange(other.binding_, nullptr)) {}

void Number::BindTo(std::string_view name) {
  const float value = AsFloat();
  Unbind();
  binding_ = &Bind(name);
  binding_->AddElements(1);
  format_ = &format();
  value_ = format_->Round(value);
}

void Number::Unbind() {
  if (binding_ != nullptr) binding_->AddElements(-1);
  binding_ = nullptr;
}

void Number::Store(float value, const Representation& format) {
  if (binding_ == nullptr) {
    value_ = value;
    format_ = &format;
    return;
  }
  if (Recording()) binding_->Record(value);
  format_ = &this->format();
  value_ = format_->Round(value);
}

int Number::AsInt() const {
  constexpr double kMin = std::numeric_limits<int>::min(), kMax = std::numeric_limits<int>::max();
  const double value = AsFloat();
  if (std::isnan(value)) return 0;
  return static_cast<int>(value < kMin ? kMin : value > kMax ? kMax : value);
}

Number& Number::operator+=(const Number& other) { return *this = *this + other; }
Number& Number::operator-=(const Number& other) { return *this = *this - other; }
Number& Number::operator*=(const Number& other) { return *this = *this * other; }
Number& Number::operator/=(const Number& other) { return *this = *this / other; }

Number operator+(const Number& a, const Number& b) {
  return Result(a.AsFloat() + b.AsFloat(), a, b);
}
Number operator-(const Number& a, const Number& b) {
  return Result(a.AsFloat() - b.AsFloat(), a, b);
}
Number operator*(const Number& a, const Number& b) {
  return Result(a.AsFloat() * b.AsFloat(), a, b);
}
Number operator/(const Number& a, const Number& b) {
  return Result(a.AsFloat() / b.AsFloat(), a, b);
}
Number operator-(const Number& a) { return Result(-a.AsFloat(), a); }

Number abs(const Number& a) { return Result(std::fabs(a.AsFloat()), a); }
Number sqrt(const Number& a) { return Result(std::sqrt(a.AsFloat()), a); }
Number cbrt(const Number& a) { return Result(std::cbrt(a.AsFloat()), a); }
Number exp(const Number& a) { return Result(std::exp(a.AsFloat()), a); }
Number exp2(const Number& a) { return Result(std::exp2(a.AsFloat()), a); }
Number log(const Number& a) { return Result(std::log(a.AsFloat()), a); }
Number log2(const Number& a) { return Result(std::log2(a.AsFloat()), a); }
Number log10(const Number& a) { return Result(std::log10(a.AsFloat()), a); }
Number sin(const Number& a) { return Result(std::sin(a.AsFloat()), a); }
Number cos(const Number& a) { return Result(std::cos(a.AsFloat()), a); }
Number tan(const Number& a) { return Result(std::tan(a.AsFloat()), a); }
Number asin(const Number& a) { return Result(std::asin(a.AsFloat()), a); }
Number acos(const Number& a) { return Result(std::acos(a.AsFloat()), a); }
Number atan(const Number& a) { return Result(std::atan(a.AsFloat()), a); }
Number sinh(const Number& a) { return Result(std::sinh(a.AsFloat()), a); }
Number cosh(const Number& a) { return Result(std::cosh(a.AsFloat()), a); }
Number tanh(const Number& a) { return Result(std::tanh(a.AsFloat()), a); }
Number floor(const Number& a) { return Result(std::floor(a.AsFloat()), a); }
Number ceil(const Number& a) { return Result(std::ceil(a.AsFloat()), a); }
Number round(const Number& a) { return Result(std::round(a.AsFloat()), a); }
Number trunc(const Number& a) { return Result(std::trunc(a.AsFloat()), a); }

Number pow(const Number& a, const Number& b) {
  return Result(std::pow(a.AsFloat(), b.AsFloat()), a, b);
}
Number atan2(const Number& a, const Number& b) {
  return Result(std::atan2(a.AsFloat(), b.AsFloat()), a, b);
}
Number hypot(const Number& a, const Number& b) {
  return Result(std::hypot(a.AsFloat(), b.AsFloat()), a, b);
}
Number fmod(const Number& a, const Number& b) {
  return Result(std::fmod(a.AsFloat(), b.AsFloat()), a, b);
}
Number min(const Number& a, const Number& b) { return b < a ? b : a; }
Number max(const Number& a, const Number& b) { return a < b ? b : a; }
bool isfinite(const Number& a) { return std::isfinite(a.AsFloat()); }
bool isnan(const Number& a) { return std::isnan(a.AsFloat()); }

}  // namespace bw::number
