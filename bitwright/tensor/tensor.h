#pragma once
// Dense row-major tensors on the CPU.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "bitwright/base/check.h"

namespace bw {

enum class DType : std::uint8_t { kFloat32, kInt32, kInt64, kUint8, kInt8, kBool };

std::string_view DTypeName(DType dtype);  // "float32", ...
std::size_t DTypeBytes(DType dtype);

template <typename T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, float>)
    return DType::kFloat32;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::kInt32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::kInt64;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::kUint8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::kInt8;
  else {
    static_assert(std::is_same_v<T, bool>, "no tensor element type");
    return DType::kBool;
  }
}

// Extents, outermost first; empty is a scalar. In a graph's declared types -1 is an extent not
// known yet.
using Shape = std::vector<std::int64_t>;

std::int64_t ElementCount(const Shape& shape);  // product; every extent must be known
std::string ShapeText(const Shape& shape);      // "[1,3,224,224]", unknown extents as '?'

// Type of a tensor without its elements.
struct TensorType {
  DType dtype = DType::kFloat32;
  Shape shape;
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

// A typed view of memory owned elsewhere. T is const void or void.
template <typename Void>
struct BasicTensorRef {
  DType dtype = DType::kFloat32;
  Shape shape;
  Void* data = nullptr;  // nullptr: an absent optional input

  std::int64_t size() const { return ElementCount(shape); }
  template <typename T>
  auto span() const {
    using Element = std::conditional_t<std::is_const_v<Void>, const T, T>;
    BW_CHECK(dtype == DTypeOf<T>());
    return std::span<Element>(static_cast<Element*>(data), static_cast<std::size_t>(size()));
  }
};
using ConstTensorRef = BasicTensorRef<const void>;
using TensorRef = BasicTensorRef<void>;

// An owning tensor, 64-byte aligned; a value: copies are deep. Elements start at zero.
class Tensor {
 public:
  Tensor() = default;
  Tensor(DType dtype, Shape shape);
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  template <typename T>
  static Tensor From(Shape shape, std::span<const T> elements) {
    Tensor tensor(DTypeOf<T>(), std::move(shape));
    BW_CHECK(static_cast<std::size_t>(tensor.size()) == elements.size());
    if (!elements.empty()) std::memcpy(tensor.data_.get(), elements.data(), elements.size_bytes());
    return tensor;
  }
  template <typename T>
  static Tensor From(Shape shape, const std::vector<T>& elements) {
    return From(std::move(shape), std::span<const T>(elements));
  }

  DType dtype() const { return type_.dtype; }
  const Shape& shape() const { return type_.shape; }
  const TensorType& type() const { return type_; }
  std::int64_t size() const { return ElementCount(type_.shape); }
  std::size_t bytes() const { return static_cast<std::size_t>(size()) * DTypeBytes(type_.dtype); }

  template <typename T>
  std::span<T> span() {
    return TensorRef(*this).template span<T>();
  }
  template <typename T>
  std::span<const T> span() const {
    return ConstTensorRef(*this).template span<T>();
  }

  // Same elements under another shape of equal count.
  void Reshape(Shape shape);

  operator ConstTensorRef() const {  // NOLINT(google-explicit-constructor)
    return {type_.dtype, type_.shape, data_.get()};
  }
  operator TensorRef() {  // NOLINT(google-explicit-constructor)
    return {type_.dtype, type_.shape, data_.get()};
  }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  TensorType type_{DType::kFloat32, {0}};
  std::unique_ptr<std::byte[], Free> data_;
};

}  // namespace bw
