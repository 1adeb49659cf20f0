#include "bitwright/data/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "bitwright/base/text.h"

namespace bw {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::array<std::string_view, 7> kTypes = {"u1", "i1", "i2", "i4", "i8", "f4", "f8"};
constexpr std::size_t kMaxHeader = 1 << 16;

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// What stands after `'key':` in the header's dictionary, leading blanks removed; empty when the key
// is absent.
std::string_view ValueOf(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}'", key));
  if (at == std::string_view::npos) return {};
  std::string_view rest = Trim(header.substr(at + key.size() + 2));
  if (!rest.starts_with(':')) return {};
  return Trim(rest.substr(1));
}

// The unsigned number that these bytes are, least significant first.
std::size_t LittleEndian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = (value << 8) | static_cast<std::uint8_t>(bytes[i - 1]);
  return value;
}

Expected<std::string> HeaderText(const ByteSource& bytes, std::size_t& data_offset) {
  BW_ASSIGN(const std::string head, bytes.ReadUpTo(0, 12));
  if (!std::string_view(head).starts_with(kMagic)) {
    return Fail("{}: not a NumPy array, the first bytes differ, '\\x93NUMPY' must stand there",
                bytes.name());
  }
  const std::size_t version =
      LittleEndian(std::string_view(head).substr(std::min<std::size_t>(6, head.size()), 1));
  const std::size_t prefix = version == 1 ? 10 : 12;
  if (head.size() < prefix) {
    return Fail("{}: header ends too early, {} bytes, at least {} are needed", bytes.name(),
                head.size(), prefix);
  }
  if (version < 1 || version > 3) {
    return Fail("{}: unknown .npy version, {}, versions 1 to 3 are read", bytes.name(), version);
  }
  const std::size_t length = LittleEndian(std::string_view(head).substr(8, prefix - 8));
  data_offset = prefix + length;
  if (length > kMaxHeader || data_offset > bytes.size()) {
    return Fail("{}: header ends too early, it claims {} bytes, the file has {}", bytes.name(),
                length, bytes.size());
  }
  return bytes.ReadUpTo(prefix, length);
}

Expected<Shape> ParseShape(std::string_view value, const std::string& where) {
  const std::size_t end = value.find(')');
  if (!value.starts_with('(') || end == std::string_view::npos) {
    return Fail("{}: header has no shape, a tuple such as (100, 3, 32, 32) is needed", where);
  }
  Shape shape;
  for (const std::string& piece : Split(value.substr(1, end - 1), ',')) {
    std::int64_t extent = 0;
    const std::string_view text = Trim(piece);
    if (text.empty()) continue;
    if (!ParseInt(text, extent) || extent < 0) {
      return Fail("{}: bad extent in the shape, '{}', integers from 0 are allowed", where, piece);
    }
    shape.push_back(extent);
  }
  if (shape.empty()) {
    return Fail("{}: the array is a scalar, shape (), a leading sample axis is needed", where);
  }
  return shape;
}

// Bytes of the elements; false when they do not fit 62 bits.
bool DataBytes(const Shape& shape, std::size_t item_bytes, std::int64_t& total) {
  total = static_cast<std::int64_t>(item_bytes);
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(total, std::max<std::int64_t>(extent, 1), &total)) return false;
  }
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) total = 0;
  return true;
}

template <typename T, typename Out>
void Convert(std::span<const std::uint8_t> raw, std::span<Out> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<Out>(value);
  }
}

template <typename Out>
void ConvertAny(char kind, std::size_t item_bytes, std::span<const std::uint8_t> raw,
                std::span<Out> out) {
  if (kind == 'f') return item_bytes == 4 ? Convert<float>(raw, out) : Convert<double>(raw, out);
  if (kind == 'u') return Convert<std::uint8_t>(raw, out);
  switch (item_bytes) {
    case 1:
      return Convert<std::int8_t>(raw, out);
    case 2:
      return Convert<std::int16_t>(raw, out);
    case 4:
      return Convert<std::int32_t>(raw, out);
    default:
      return Convert<std::int64_t>(raw, out);
  }
}

}  // namespace

Expected<NpyArray> NpyArray::Open(ByteSource bytes) {
  NpyArray array;
  BW_ASSIGN(const std::string header, HeaderText(bytes, array.data_offset_));
  const std::string& where = bytes.name();
  const std::string_view descr = ValueOf(header, "descr");
  const std::string_view type = descr.size() >= 5 ? descr.substr(2, 2) : "";
  const bool order_known =
      descr.size() >= 5 && descr[0] == '\'' && descr[4] == '\'' &&
      (descr[1] == '<' || descr[1] == '|' || (descr[1] == '>' && type.ends_with('1')));
  if (!order_known || std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
    return Fail(
        "{}: unsupported element type, {}, little-endian {} are allowed; convert with astype",
        where, descr.substr(0, descr.find(',')), fmt::join(kTypes, " "));
  }
  if (!ValueOf(header, "fortran_order").starts_with("False")) {
    return Fail(
        "{}: the array is in Fortran order, only C order is allowed; save numpy.ascontiguousarray",
        where);
  }
  array.kind_ = type[0];
  array.item_bytes_ = static_cast<std::size_t>(type[1] - '0');
  BW_ASSIGN(array.shape_, ParseShape(ValueOf(header, "shape"), where));
  std::int64_t needed = 0;
  const std::size_t found = bytes.size() - array.data_offset_;
  if (!DataBytes(array.shape_, array.item_bytes_, needed) ||
      static_cast<std::size_t>(needed) != found) {
    return Fail("{}: data size does not match the header, {} bytes, shape {} of {} needs {}", where,
                found, ShapeText(array.shape_), type, needed);
  }
  array.bytes_ = std::move(bytes);
  return array;
}

Expected<Tensor> NpyArray::ReadRow(std::size_t row) const {
  Tensor tensor(kind_ == 'u' ? DType::kUint8 : DType::kFloat32,
                Shape(shape_.begin() + 1, shape_.end()));
  const std::size_t row_bytes = static_cast<std::size_t>(tensor.size()) * item_bytes_;
  const std::size_t offset = data_offset_ + row * row_bytes;
  if (kind_ == 'u') {
    BW_TRY(bytes_.Read(offset, tensor.span<std::uint8_t>()));
    return tensor;
  }
  std::vector<std::uint8_t> raw(row_bytes);
  BW_TRY(bytes_.Read(offset, raw));
  ConvertAny<float>(kind_, item_bytes_, raw, tensor.span<float>());
  return tensor;
}

Expected<std::vector<std::int64_t>> NpyArray::ReadIntegers() const {
  const bool flat = shape_.size() == 1 || (shape_.size() == 2 && shape_[1] == 1);
  if (!flat || kind_ == 'f') {
    return Fail(
        "{}: not a list of labels, shape {} of '{}{}', a one-dimensional integer array is needed",
        bytes_.name(), ShapeText(shape_), kind_, item_bytes_);
  }
  std::vector<std::uint8_t> raw(rows() * item_bytes_);
  BW_TRY(bytes_.Read(data_offset_, raw));
  std::vector<std::int64_t> values(rows());
  ConvertAny<std::int64_t>(kind_, item_bytes_, raw, std::span(values));
  return values;
}

}  // namespace bw
