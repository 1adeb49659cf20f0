#include "bitwright/numerics/name_parts.h"

namespace bw {

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<int> ConsumeNumber(std::string_view& text) {
  std::size_t digits = 0;
  int number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 4) return std::nullopt;
    number = number * 10 + (text[digits++] - '0');
  }
  if (digits == 0 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

std::optional<int> NumberAfter(std::string_view name, std::string_view prefix) {
  if (!ConsumePrefix(name, prefix)) return std::nullopt;
  const std::optional<int> number = ConsumeNumber(name);
  return name.empty() ? number : std::nullopt;
}

std::optional<FormatParts> PartsAfter(std::string_view name, std::string_view prefix) {
  FormatParts parts;
  parts.is_signed = !ConsumePrefix(name, "u");
  const std::optional<int> bits = NumberAfter(name, prefix);
  if (!bits) return std::nullopt;
  parts.bits = *bits;
  return parts;
}

std::optional<FormatParts> DetailedPartsAfter(std::string_view name, std::string_view prefix) {
  const std::size_t mark = name.find('_');
  if (mark == std::string_view::npos) return std::nullopt;
  std::optional<FormatParts> parts = PartsAfter(name.substr(0, mark), prefix);
  const std::optional<int> detail = NumberAfter(name.substr(mark), "_");
  if (!parts || !detail) return std::nullopt;
  parts->detail = *detail;
  return parts;
}

Expected<void> CheckParameter(std::string_view name, std::string_view what, int got, int low,
                              int high) {
  if (got >= low && got <= high) return {};
  return Fail("format '{}': {} is {}, allowed {} to {}", name, what, got, low, high);
}

}  // namespace bw
