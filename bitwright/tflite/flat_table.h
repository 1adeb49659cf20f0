#pragma once
// FlatBuffers read by field number, without generated code. Every table, vector and scalar is
// proved to lie within the file (flatbuffers::Verifier) before it is read; what does not is an
// error, so that no file can make the reader leave its bytes.

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"

namespace bw::tflite {

// The bytes of a file, and how much of them may still be copied out: a small damaged file whose
// tables all point to the same vectors must not become large in memory.
struct FlatFile {
  explicit FlatFile(std::string_view text)
      : bytes(text.begin(), text.end()), copies_left(4 * text.size() + 1024) {}
  std::vector<std::uint8_t> bytes;
  std::size_t copies_left;
};

// One table; the default one is absent: all its fields have their defaults. The file must outlive
// it. Fields have the numbers of their order in the schema.
class FlatTable {
 public:
  FlatTable() = default;

  // The root table of a file with this four-letter identifier.
  static Expected<FlatTable> Root(FlatFile& file, std::string_view identifier);

  bool Has(int field) const;

  // T is bool, std::int8_t, std::uint8_t, std::int32_t, std::uint32_t, std::uint64_t or float.
  template <typename T>
  Expected<T> Scalar(int field, T otherwise) const;

  // Empty when the field is absent.
  Expected<std::string> Text(int field) const;
  Expected<std::span<const std::uint8_t>> Bytes(int field) const;
  template <typename T>
  Expected<std::vector<T>> Scalars(int field) const {
    BW_ASSIGN(const std::span<const std::uint8_t> raw, Vector(field, sizeof(T)));
    BW_TRY(Spend(raw.size()));
    std::vector<T> elements(raw.size() / sizeof(T));
    if (!raw.empty()) std::memcpy(elements.data(), raw.data(), raw.size());
    return elements;
  }

  Expected<FlatTable> Table(int field) const;
  Expected<std::vector<FlatTable>> Tables(int field) const;

 private:
  FlatTable(FlatFile& file, std::size_t at) : file_(&file), at_(at) {}
  static Expected<FlatTable> At(FlatFile& file, std::size_t at);
  // Where the field's own bytes stand; 0 when it is absent.
  std::size_t Place(int field) const;
  // Where the field's offset leads; 0 when it is absent.
  Expected<std::size_t> Target(int field) const;
  Expected<std::span<const std::uint8_t>> Vector(int field, std::size_t element_bytes) const;
  Expected<void> Spend(std::size_t bytes) const;

  FlatFile* file_ = nullptr;
  std::size_t at_ = 0;
};

}  // namespace bw::tflite
