#include "bitwright/quant/stored_codes.h"

#include <cmath>
#include <string_view>

namespace bw {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string ToBase64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= count ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Expected<std::vector<std::uint8_t>> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0)
    return Fail("codes: {} base64 digits, a multiple of 4 is needed", text.size());
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t word = 0;
    std::size_t digits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      const std::size_t digit = kDigits.find(c);
      const bool fills = c == '=' && i + 4 == text.size() && k >= 2;
      if (digit == std::string_view::npos && !fills)
        return Fail("codes: '{}' is no base64 digit", c);
      if (!fills && digits < k) return Fail("codes: a digit follows '='");
      word = word << 6 | (fills ? 0U : static_cast<std::uint32_t>(digit));
      if (!fills) ++digits;
    }
    for (std::size_t k = 0; k + 1 < digits; ++k)
      bytes.push_back(static_cast<std::uint8_t>(word >> (16 - 8 * k)));
  }
  return bytes;
}

}  // namespace

StoredCodes Store(const QTensor& tensor) {
  return {ToBase64(tensor.codes), tensor.params, tensor.spec.ToString()};
}

Expected<QTensor> Restore(const StoredCodes& stored, const QuantSpec& spec, const Shape& shape) {
  BW_ASSIGN(std::vector<std::uint8_t> bytes, FromBase64(stored.codes));
  const auto count = static_cast<std::size_t>(ElementCount(shape));
  const std::size_t wanted = PackedBytes(spec.element.bits(), count);
  if (bytes.size() != wanted) {
    return Fail("codes: {} bytes, {} elements of {} bits take {}", bytes.size(), count,
                spec.element.bits(), wanted);
  }
  for (const Code code : Unpack(bytes, spec.element.bits(), count)) {
    if (!std::isfinite(spec.element.Decode(code)))
      return Fail("codes: {} denotes no number in {}", code, spec.element.name());
  }
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, shape));
  BW_TRY(CheckParams(spec, grouping, stored.params));
  return QTensor{shape, spec, stored.params, std::move(bytes)};
}

}  // namespace bw
