#pragma once
// A value whose representation is bound at run time, by name, from a plan (after libnumber, PACT
// 2018).
//
//   #include <bitwright/number/number.h>
//   using bw::number::Number;
//
//   bw::number::UsePlanFile(argv[1]);        // or BITWRIGHT_PLAN in the environment
//   Number gain("gain"), error;              // `gain` is as the plan says, `error` is free
//   gain = 0.5f;                             // rounded into gain's representation
//   error = target - gain * x;               // takes value and representation of the result
//
// Bound and free. A free Number (no name) is libnumber's: assignment copies value AND
// representation, and a native number makes it float32. A bound Number keeps what the plan says of
// its name: assignment rounds the value into it. Copies are free, with the value and representation
// of what they copy; moving into a new Number takes the name along, assigning never does.
//
// Arithmetic computes in float32. Operands of one representation give a result in it; of different
// ones, in the wider of the two (Representation::Wider), where a native number counts as float32.
// The result is free. Functions of one argument round into its representation.
//
// NaN and infinity live in float32 alone: other representations store NaN as 0, infinities as their
// largest values.
//
// Distinct Numbers may be used by distinct threads; binding is thread-safe; UsePlan is not.

#include <compare>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "bitwright/number/binding.h"

namespace bw::number {

template <typename T>
concept Native = std::integral<T> || std::floating_point<T>;

class Number {
 public:
  // Free, float32, 0.
  Number() = default;
  // Free, float32.
  template <Native T>
  Number(T value) : value_(static_cast<float>(value)) {}  // NOLINT: implicit as libnumber's
  // Bound, 0.
  explicit Number(std::string_view name) { BindTo(name); }
  explicit Number(const char* name) : Number(std::string_view(name)) {}
  Number(std::string_view name, const Number& value) : Number(name) { *this = value; }
  // Free, in a representation.
  Number(float value, const Representation& format)
      : value_(format.Round(value)), format_(&format) {}

  Number(const Number& other) : value_(other.AsFloat()), format_(&other.format()) {}
  Number(Number&& other) noexcept;
  Number& operator=(const Number& other) {
    if (this != &other) Store(other.AsFloat(), other.format());
    return *this;
  }
  ~Number() { Unbind(); }

  // libnumber's setName: from now on the value is held as the plan says of `name`.
  void BindTo(std::string_view name);
  bool is_bound() const { return binding_ != nullptr; }

  float AsFloat() const {
    const Representation& now = format();
    return &now == format_ ? value_ : now.Round(value_);
  }
  // Towards zero; saturating; NaN is 0.
  int AsInt() const;
  template <Native T>
  explicit operator T() const {
    return static_cast<T>(AsFloat());
  }
  const Representation& format() const {
    return binding_ == nullptr ? *format_ : *binding_->format.load(std::memory_order_relaxed);
  }

  Number& operator+=(const Number& other);
  Number& operator-=(const Number& other);
  Number& operator*=(const Number& other);
  Number& operator/=(const Number& other);

 private:
  void Store(float value, const Representation& format);
  void Unbind();

  float value_ = 0;  // a value of *format_
  const Representation* format_ = &Representation::Float32();
  Binding* binding_ = nullptr;
};

Number operator+(const Number& a, const Number& b);
Number operator-(const Number& a, const Number& b);
Number operator*(const Number& a, const Number& b);
Number operator/(const Number& a, const Number& b);
Number operator-(const Number& a);
inline Number operator+(const Number& a) { return a; }

// By value, whatever the representations; NaN as for float.
inline bool operator==(const Number& a, const Number& b) { return a.AsFloat() == b.AsFloat(); }
inline std::partial_ordering operator<=>(const Number& a, const Number& b) {
  return a.AsFloat() <=> b.AsFloat();
}

Number abs(const Number& a);
Number sqrt(const Number& a);
Number cbrt(const Number& a);
Number exp(const Number& a);
Number exp2(const Number& a);
Number log(const Number& a);
Number log2(const Number& a);
Number log10(const Number& a);
Number sin(const Number& a);
Number cos(const Number& a);
Number tan(const Number& a);
Number asin(const Number& a);
Number acos(const Number& a);
Number atan(const Number& a);
Number sinh(const Number& a);
Number cosh(const Number& a);
Number tanh(const Number& a);
Number floor(const Number& a);
Number ceil(const Number& a);
Number round(const Number& a);
Number trunc(const Number& a);
Number pow(const Number& a, const Number& b);
Number atan2(const Number& a, const Number& b);
Number hypot(const Number& a, const Number& b);
Number fmod(const Number& a, const Number& b);
Number min(const Number& a, const Number& b);
Number max(const Number& a, const Number& b);
bool isfinite(const Number& a);
bool isnan(const Number& a);

}  // namespace bw::number
