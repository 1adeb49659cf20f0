#include "bitwright/number/plan.h"

#include <optional>
#include <vector>

#include "bitwright/base/file.h"
#include "bitwright/base/text.h"

namespace bw::number {
namespace {

using Words = std::vector<std::string>;

// The words of a line before its comment.
Words WordsOf(std::string_view line) {
  Words words;
  std::string word;
  for (const char c : std::string(line) + " ") {
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (!blank) word += c;
    if (!blank || word.empty()) continue;
    if (word.starts_with('#')) return words;
    words.push_back(std::move(word));
    word.clear();
  }
  return words;
}

Expected<int> ParseBias(const std::string& text) {
  std::int64_t value = 0;
  if (!ParseInt(text, value) || value < -100000 || value > 100000) {
    return Fail("bias '{}' is no integer", text);
  }
  return static_cast<int>(value);
}

Expected<const Representation*> ParseFloat(const Words& words) {
  if (words.size() > 3) return Fail("FLOAT {} {}: FLOAT has no bias", words[2], words[3]);
  if (words[2] != "32" && words[2] != "16") {
    return Fail("FLOAT of width '{}', allowed 16 and 32", words[2]);
  }
  return Representation::Find("float" + words[2]);
}

// name TYPE width [B]
Expected<const Representation*> ParseLibnumber(const Words& words) {
  const std::string& type = words[1];
  if (words.size() < 3 || words.size() > 4) {
    return Fail("{} words, allowed '<name> {} <width> [<bias>]'", words.size(), type);
  }
  if (type == "FLOAT") return ParseFloat(words);
  const bool fixed = type == "FIXED";
  std::int64_t width = 0;
  const int most = fixed ? 32 : 9;
  if (!ParseInt(words[2], width) || width < 2 || width > most) {
    return Fail("{} of width '{}', allowed 2 to {}", type, words[2], most);
  }
  int bias = 0;
  if (words.size() == 4) {
    BW_ASSIGN(bias, ParseBias(words[3]));
    if (!fixed) bias -= (1 << (width - 2)) - 1;
  }
  return Representation::Find(fmt::format("{}{}", fixed ? "fixed" : "exp", width), bias);
}

// name format [bias=<integer>]
Expected<const Representation*> ParseOwn(const Words& words) {
  int bias = 0;
  if (words.size() > 3) {
    return Fail("'{}' after the bias, allowed '<name> <format> [bias=<integer>]'", words[3]);
  }
  if (words.size() == 3) {
    if (!words[2].starts_with("bias=")) {
      return Fail("'{}' after the format, allowed 'bias=<integer>'", words[2]);
    }
    BW_ASSIGN(bias, ParseBias(words[2].substr(5)));
  }
  return Representation::Find(words[1], bias);
}

Expected<const Representation*> ParseLine(const Words& words) {
  if (words.size() < 2) {
    return Fail("'{}' has no format, allowed '<name> <format> [bias=<integer>]'", words[0]);
  }
  const bool theirs = words[1] == "FLOAT" || words[1] == "FIXED" || words[1] == "EXP";
  return theirs ? ParseLibnumber(words) : ParseOwn(words);
}

}  // namespace

Expected<Plan> Plan::Parse(std::string_view text, const std::string& where) {
  Plan plan;
  std::size_t number = 0;
  for (const std::string& line : Split(text, '\n')) {
    ++number;
    const Words words = WordsOf(line);
    if (words.empty()) continue;
    const std::string place = fmt::format("{}: line {}", where, number);
    const Expected<const Representation*> format = ParseLine(words);
    if (!format) return Context(place, format.error());
    if (plan.Has(words[0])) return Fail("{}: '{}' a second time, allowed once", place, words[0]);
    plan.Set(words[0], **format);
  }
  return plan;
}

Expected<Plan> Plan::Read(const std::string& path) {
  BW_ASSIGN(const std::string text, ReadFile(path));
  return Parse(text, path);
}

std::string Plan::ToText() const {
  std::string text;
  for (const auto& [name, format] : formats_) {
    text += fmt::format("{} {}\n", name, format->text());
  }
  return text;
}

const Representation& Plan::Find(const std::string& name) const {
  const auto found = formats_.find(name);
  return found == formats_.end() ? Representation::Float32() : *found->second;
}

}  // namespace bw::number
