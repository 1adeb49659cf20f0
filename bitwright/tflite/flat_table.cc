#include "bitwright/tflite/flat_table.h"

#include <flatbuffers/flatbuffers.h>

#include "bitwright/base/check.h"

namespace bw::tflite {
namespace {

constexpr std::size_t kMostBytes = (std::size_t{1} << 31) - 1;

flatbuffers::Verifier VerifierOf(const FlatFile& file) {
  return {file.bytes.data(), file.bytes.size()};
}

const flatbuffers::Table* TableAt(const FlatFile& file, std::size_t at) {
  return reinterpret_cast<const flatbuffers::Table*>(file.bytes.data() + at);
}

tl::unexpected<Error> Damaged(std::string_view what, std::size_t at) {
  return Fail("{} at byte {} reaches beyond the file, it must lie within; the file is damaged",
              what, at);
}

}  // namespace

Expected<FlatTable> FlatTable::Root(FlatFile& file, std::string_view identifier) {
  BW_CHECK(identifier.size() == flatbuffers::kFileIdentifierLength);
  constexpr std::size_t kHeader = sizeof(flatbuffers::uoffset_t);
  if (file.bytes.size() < 2 * sizeof(flatbuffers::uoffset_t) + kHeader) {
    return Fail("is {} bytes, too few for a file of kind '{}'", file.bytes.size(), identifier);
  }
  if (file.bytes.size() >= kMostBytes) {
    return Fail("is {} bytes, at most {} are allowed", file.bytes.size(), kMostBytes - 1);
  }
  if (std::memcmp(file.bytes.data() + kHeader, identifier.data(), identifier.size()) != 0) {
    return Fail("bytes 4 to 7 are not '{}', which marks files of this kind", identifier);
  }
  const std::size_t at = VerifierOf(file).VerifyOffset(0);
  if (at == 0) return Damaged("the root table", 0);
  return At(file, at);
}

Expected<FlatTable> FlatTable::At(FlatFile& file, std::size_t at) {
  flatbuffers::Verifier verifier = VerifierOf(file);
  if (!TableAt(file, at)->VerifyTableStart(verifier)) return Damaged("a table", at);
  return FlatTable(file, at);
}

std::size_t FlatTable::Place(int field) const {
  if (file_ == nullptr) return 0;
  const auto entry = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
  const flatbuffers::voffset_t offset = TableAt(*file_, at_)->GetOptionalFieldOffset(entry);
  return offset == 0 ? 0 : at_ + offset;
}

bool FlatTable::Has(int field) const { return Place(field) != 0; }

template <typename T>
Expected<T> FlatTable::Scalar(int field, T otherwise) const {
  const std::size_t at = Place(field);
  if (at == 0) return otherwise;
  if (!VerifierOf(*file_).Verify(at, sizeof(T))) return Damaged("a field", at);
  if constexpr (std::is_same_v<T, bool>) {
    return file_->bytes[at] != 0;
  } else {
    T value;
    std::memcpy(&value, file_->bytes.data() + at, sizeof(T));
    return value;
  }
}

template Expected<bool> FlatTable::Scalar(int, bool) const;
template Expected<std::int8_t> FlatTable::Scalar(int, std::int8_t) const;
template Expected<std::uint8_t> FlatTable::Scalar(int, std::uint8_t) const;
template Expected<std::int32_t> FlatTable::Scalar(int, std::int32_t) const;
template Expected<std::uint32_t> FlatTable::Scalar(int, std::uint32_t) const;
template Expected<std::uint64_t> FlatTable::Scalar(int, std::uint64_t) const;
template Expected<float> FlatTable::Scalar(int, float) const;

Expected<std::size_t> FlatTable::Target(int field) const {
  const std::size_t at = Place(field);
  if (at == 0) return at;
  const std::size_t offset = VerifierOf(*file_).VerifyOffset(at);
  if (offset == 0) return Damaged("an offset", at);
  return at + offset;
}

Expected<std::span<const std::uint8_t>> FlatTable::Vector(int field,
                                                          std::size_t element_bytes) const {
  BW_ASSIGN(const std::size_t at, Target(field));
  if (at == 0) return std::span<const std::uint8_t>();
  const std::uint8_t* start = file_->bytes.data() + at;
  if (!VerifierOf(*file_).VerifyVectorOrString(start, element_bytes)) {
    return Damaged("a vector", at);
  }
  const std::size_t count = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(start);
  return std::span(start + sizeof(flatbuffers::uoffset_t), count * element_bytes);
}

Expected<void> FlatTable::Spend(std::size_t bytes) const {
  if (file_ == nullptr) return {};
  if (bytes > file_->copies_left) {
    return Fail("its tables hold more than the file's {} bytes, they must not share their parts",
                file_->bytes.size());
  }
  file_->copies_left -= bytes;
  return {};
}

Expected<std::string> FlatTable::Text(int field) const {
  BW_ASSIGN(const std::vector<char> letters, Scalars<char>(field));
  return std::string(letters.begin(), letters.end());
}

Expected<std::span<const std::uint8_t>> FlatTable::Bytes(int field) const {
  return Vector(field, 1);
}

Expected<FlatTable> FlatTable::Table(int field) const {
  BW_ASSIGN(const std::size_t at, Target(field));
  if (at == 0) return FlatTable();
  return At(*file_, at);
}

Expected<std::vector<FlatTable>> FlatTable::Tables(int field) const {
  BW_ASSIGN(const std::span<const std::uint8_t> raw, Vector(field, sizeof(flatbuffers::uoffset_t)));
  BW_TRY(Spend(raw.size()));
  std::vector<FlatTable> tables;
  for (std::size_t i = 0; i < raw.size(); i += sizeof(flatbuffers::uoffset_t)) {
    const auto at = static_cast<std::size_t>(raw.data() + i - file_->bytes.data());
    const std::size_t offset = VerifierOf(*file_).VerifyOffset(at);
    if (offset == 0) return Damaged("an offset", at);
    BW_ASSIGN(const FlatTable table, At(*file_, at + offset));
    tables.push_back(table);
  }
  return tables;
}

}  // namespace bw::tflite
