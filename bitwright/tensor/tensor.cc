#include "bitwright/tensor/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace bw {

std::string_view DTypeName(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kInt32:
      return "int32";
    case DType::kInt64:
      return "int64";
    case DType::kUint8:
      return "uint8";
    case DType::kInt8:
      return "int8";
    case DType::kBool:
      return "bool";
  }
  return "?";
}

std::size_t DTypeBytes(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kInt32:
      return 4;
    case DType::kInt64:
      return 8;
    default:
      return 1;
  }
}

std::int64_t ElementCount(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    BW_CHECK(extent >= 0);
    BW_CHECK(!__builtin_mul_overflow(count, extent, &count));
  }
  return count;
}

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) {
    if (text.size() > 1) text += ',';
    text += extent < 0 ? "?" : fmt::format("{}", extent);
  }
  return text + "]";
}

void Tensor::Free::operator()(std::byte* p) const { std::free(p); }

Tensor::Tensor(DType dtype, Shape shape) : type_{dtype, std::move(shape)} {
  const std::size_t padded = (std::max<std::size_t>(bytes(), 1) + 63) / 64 * 64;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(64, padded)));
  BW_CHECK(data_ != nullptr);
  std::memset(data_.get(), 0, padded);
}

Tensor::Tensor(const Tensor& other) : type_(other.type_) {
  if (other.data_ == nullptr) return;
  *this = Tensor(other.dtype(), other.shape());
  std::memcpy(data_.get(), other.data_.get(), bytes());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

void Tensor::Reshape(Shape shape) {
  BW_CHECK(ElementCount(shape) == size());
  type_.shape = std::move(shape);
}

}  // namespace bw
