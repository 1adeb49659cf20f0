#pragma once
// Small text tools for messages and the command line.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

// Pieces between separators; "a,,b" has an empty middle piece, "" has none.
std::vector<std::string> Split(std::string_view text, char separator);

// Every place of `from` (not empty) becomes `to`, which is not searched again.
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);

// The last `count` lines that are not blank, in one line, " | " between them; of a longer one the
// last 300 characters behind "...".
std::string LastLines(std::string_view text, std::size_t count);

// The candidate with the least edit distance to `word`; empty when there is none.
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

// Shell-style match of the whole text: '*' any run, '?' any one character.
bool GlobMatch(std::string_view pattern, std::string_view text);

// "1.50 MB", "12.3 KB", "87 B" (powers of 1000).
std::string HumanBytes(double bytes);

// "1h02m", "3m05s", "12.3s".
std::string HumanSeconds(double seconds);

// The whole text as an integer; false when anything else stands in it or it does not fit.
bool ParseInt(std::string_view text, std::int64_t& value);

}  // namespace bw
