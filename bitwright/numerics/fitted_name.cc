#include "bitwright/numerics/fitted_name.h"

#include <charconv>
#include <cmath>

#include "bitwright/base/text.h"

namespace bw {
namespace {

bool ParseFloat(std::string_view text, float& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && std::isfinite(number);
}

}  // namespace

std::optional<Expected<FittedName>> ParseFittedName(std::string_view name) {
  const std::size_t open = name.find('[');
  if (open == std::string_view::npos || !name.ends_with(']')) return std::nullopt;
  FittedName fitted{name.substr(0, open), {}};
  std::vector<std::string> pieces = Split(name.substr(open + 1, name.size() - open - 2), ';');
  if (pieces.empty()) pieces.emplace_back();
  for (const std::string& piece : pieces) {
    float number = 0;
    if (!ParseFloat(piece, number)) {
      return Fail("format '{}': number {} is '{}', allowed is a finite float32", name,
                  fitted.numbers.size() + 1, piece);
    }
    fitted.numbers.push_back(number);
  }
  return fitted;
}

std::string MakeFittedName(std::string_view stem, std::span<const float> numbers) {
  std::string name = fmt::format("{}[", stem);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    name += fmt::format("{}{}", i == 0 ? "" : ";", numbers[i] + 0.0f);
  }
  return name + "]";
}

}  // namespace bw
