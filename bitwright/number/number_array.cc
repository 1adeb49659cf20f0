#include "bitwright/number/number_array.h"

#include <utility>

#include "bitwright/base/check.h"

namespace bw::number {
namespace {

constexpr std::size_t kWordBits = 64;

}  // namespace

NumberArray::NumberArray(std::string_view name, std::size_t size)
    : size_(size), binding_(&Bind(name)), format_(binding_->format) {
  binding_->AddElements(static_cast<std::int64_t>(size));
  Allocate();
}

NumberArray::NumberArray(std::size_t size, const Representation& format)
    : size_(size), format_(&format) {
  Allocate();
}

NumberArray::NumberArray(const NumberArray& other)
    : size_(other.size_), format_(&other.format()), words_(other.words_) {}

NumberArray::NumberArray(NumberArray&& other) noexcept
    : size_(std::exchange(other.size_, 0)),
      binding_(std::exchange(other.binding_, nullptr)),
      format_(other.format_),
      words_(std::move(other.words_)) {}

NumberArray& NumberArray::operator=(const NumberArray& other) {
  BW_CHECK(size_ == other.size_);
  if (this == &other) return *this;
  for (std::size_t i = 0; i < size_; ++i) Set(i, other.GetFloat(i));
  return *this;
}

NumberArray::~NumberArray() {
  if (binding_ != nullptr) binding_->AddElements(-static_cast<std::int64_t>(size_));
}

// Zeros, whatever code zero has; one word more than needed, so that a code may be read as two.
void NumberArray::Allocate() const {
  const auto bits = static_cast<std::size_t>(format_->bits());
  words_.assign((size_ * bits + kWordBits - 1) / kWordBits + 1, 0);
  const std::uint32_t zero = format_->Encode(0);
  if (zero == 0) return;
  for (std::size_t i = 0; i < size_; ++i) PutCode(i, zero);
}

void NumberArray::Refresh() const {
  if (binding_ == nullptr) return;
  const Representation* now = binding_->format.load(std::memory_order_relaxed);
  if (now == format_) [[likely]] {
    return;
  }
  std::vector<float> values(size_);
  for (std::size_t i = 0; i < size_; ++i) values[i] = format_->Decode(GetCode(i));
  format_ = now;
  Allocate();
  for (std::size_t i = 0; i < size_; ++i) PutCode(i, format_->Encode(values[i]));
}

const Representation& NumberArray::format() const {
  Refresh();
  return *format_;
}

std::size_t NumberArray::bytes() const {
  return (size_ * static_cast<std::size_t>(format().bits()) + 7) / 8;
}

std::uint32_t NumberArray::Code(std::size_t i) const {
  Refresh();
  return GetCode(i);
}

std::uint32_t NumberArray::GetCode(std::size_t i) const {
  BW_CHECK(i < size_);
  const auto bits = static_cast<std::size_t>(format_->bits());
  const std::size_t first = i * bits, word = first / kWordBits, shift = first % kWordBits;
  std::uint64_t code = words_[word] >> shift;
  if (shift + bits > kWordBits) code |= words_[word + 1] << (kWordBits - shift);
  return static_cast<std::uint32_t>(code & ((std::uint64_t{1} << bits) - 1));
}

void NumberArray::PutCode(std::size_t i, std::uint32_t code) const {
  BW_CHECK(i < size_);
  const auto bits = static_cast<std::size_t>(format_->bits());
  const std::size_t first = i * bits, word = first / kWordBits, shift = first % kWordBits;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  words_[word] = (words_[word] & ~(mask << shift)) | std::uint64_t{code} << shift;
  if (shift + bits <= kWordBits) return;
  const std::size_t done = kWordBits - shift;
  words_[word + 1] = (words_[word + 1] & ~(mask >> done)) | std::uint64_t{code} >> done;
}

float NumberArray::GetFloat(std::size_t i) const {
  Refresh();
  return format_->Decode(GetCode(i));
}

void NumberArray::Set(std::size_t i, float value) {
  Refresh();
  if (binding_ != nullptr && Recording()) binding_->Record(value);
  PutCode(i, format_->Encode(value));
}

void NumberArray::CopyFrom(std::span<const float> values) {
  BW_CHECK(values.size() == size_);
  for (std::size_t i = 0; i < size_; ++i) Set(i, values[i]);
}

void NumberArray::CopyTo(std::span<float> values) const {
  BW_CHECK(values.size() == size_);
  for (std::size_t i = 0; i < size_; ++i) values[i] = GetFloat(i);
}

}  // namespace bw::number
