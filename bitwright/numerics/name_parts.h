#pragma once
// What the families share to read their spellings.

#include <optional>
#include <string_view>

#include "bitwright/base/error.h"

namespace bw {

// Removes `prefix` from the front of `text`; false, and nothing removed, when it does not stand
// there.
bool ConsumePrefix(std::string_view& text, std::string_view prefix);

// Removes a decimal number of one to four digits without leading zeros from the front of `text`.
std::optional<int> ConsumeNumber(std::string_view& text);

// The number of a name that is exactly <prefix><number>.
std::optional<int> NumberAfter(std::string_view name, std::string_view prefix);

// The parts of a name spelled [u]<prefix><N> or [u]<prefix><N>_<K>; the u means unsigned.
struct FormatParts {
  bool is_signed = true;
  int bits = 0;    // N
  int detail = 0;  // K
  int sign_bits() const { return is_signed ? 1 : 0; }
};
std::optional<FormatParts> PartsAfter(std::string_view name, std::string_view prefix);  // without K
std::optional<FormatParts> DetailedPartsAfter(std::string_view name, std::string_view prefix);

// Fails with "format '<name>': <what> is <got>, allowed <low> to <high>".
Expected<void> CheckParameter(std::string_view name, std::string_view what, int got, int low,
                              int high);

}  // namespace bw
