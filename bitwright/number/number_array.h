#pragma once
// Numbers of one name and representation, stored packed: element i of n-bit codes occupies bits
// [i*n, (i+1)*n) of a little-endian bit stream, as in a quantized tensor.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/number/number.h"

namespace bw::number {

// Elements behave as bound Numbers: storing rounds into the array's representation. A copy of an
// array, and an array without a name, keep their representation as it is. Elements share bytes:
// threads may read at once, but not write.
class NumberArray {
 public:
  // Bound, zeros.
  NumberArray(std::string_view name, std::size_t size);
  // Free, zeros.
  explicit NumberArray(std::size_t size, const Representation& format = Representation::Float32());
  NumberArray(const NumberArray& other);
  NumberArray(NumberArray&& other) noexcept;
  // Values are rounded into this array's representation; sizes must be equal.
  NumberArray& operator=(const NumberArray& other);
  ~NumberArray();

  std::size_t size() const { return size_; }
  // Bytes that the packed codes need.
  std::size_t bytes() const;
  const Representation& format() const;

  Number Get(std::size_t i) const { return {GetFloat(i), format()}; }
  float GetFloat(std::size_t i) const;
  void Set(std::size_t i, float value);
  // The stored bits of element i.
  std::uint32_t Code(std::size_t i) const;

  // Sizes must be equal.
  void CopyFrom(std::span<const float> values);
  void CopyTo(std::span<float> values) const;

  // Stands for one element; used as a Number.
  class Element {
   public:
    operator Number() const { return array_.Get(i_); }  // NOLINT: implicit, it is one
    float AsFloat() const { return array_.GetFloat(i_); }
    int AsInt() const { return array_.Get(i_).AsInt(); }
    Element& operator=(const Number& value) {
      array_.Set(i_, value.AsFloat());
      return *this;
    }
    Element& operator=(const Element& other) { return *this = Number(other); }
    Element& operator+=(const Number& value) { return *this = Number(*this) + value; }
    Element& operator-=(const Number& value) { return *this = Number(*this) - value; }
    Element& operator*=(const Number& value) { return *this = Number(*this) * value; }
    Element& operator/=(const Number& value) { return *this = Number(*this) / value; }

   private:
    friend class NumberArray;
    Element(NumberArray& array, std::size_t i) : array_(array), i_(i) {}
    Element(const Element&) = default;
    NumberArray& array_;
    std::size_t i_;
  };
  Element operator[](std::size_t i) { return {*this, i}; }
  Number operator[](std::size_t i) const { return Get(i); }

 private:
  // Takes up what the plan says now.
  void Refresh() const;
  void Allocate() const;
  std::uint32_t GetCode(std::size_t i) const;
  void PutCode(std::size_t i, std::uint32_t code) const;

  std::size_t size_ = 0;
  Binding* binding_ = nullptr;
  // Mutable: a new plan is taken up by whatever use comes first.
  mutable const Representation* format_;
  mutable std::vector<std::uint64_t> words_;
};

}  // namespace bw::number
