#include "bitwright/number/types.h"

#include <algorithm>

#include "bitwright/base/text.h"
#include "bitwright/numerics/format.h"

namespace bw::number {
namespace {

constexpr int kWidestRange = 32;

// Splits at commas that stand in no bracket.
std::vector<std::string> Items(std::string_view list) {
  std::vector<std::string> items(1);
  int depth = 0;
  for (const char c : list) {
    depth += c == '<' || c == '[' ? 1 : c == '>' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      items.emplace_back();
    } else if (c != ' ') {
      items.back() += c;
    }
  }
  std::erase(items, "");
  return items;
}

// "fixed2..32" -> the names from fixed2 to fixed32 that exist; empty when it is no range.
std::vector<std::string> ExpandRange(const std::string& item) {
  std::vector<std::string> names;
  const std::size_t dots = item.find("..");
  if (dots == std::string::npos) return names;
  std::size_t digits = dots;
  while (digits > 0 && item[digits - 1] >= '0' && item[digits - 1] <= '9') --digits;
  std::int64_t low = 0, high = 0;
  if (!ParseInt(item.substr(digits, dots - digits), low) ||
      !ParseInt(item.substr(dots + 2), high)) {
    return names;
  }
  for (std::int64_t n = low; n <= std::min<std::int64_t>(high, kWidestRange); ++n) {
    const std::string name = fmt::format("{}{}", item.substr(0, digits), n);
    if (Representation::Find(name)) names.push_back(name);
  }
  return names;
}

Expected<std::vector<std::string>> Expand(const std::string& item) {
  if (Representation::Find(item)) return std::vector<std::string>{item};
  std::vector<std::string> names = ExpandRange(item);
  if (!names.empty()) return names;
  BW_ASSIGN(const std::vector<Format> formats, ParseFormatList(item));
  for (const Format& format : formats) {
    if (Representation::Find(format.name())) names.push_back(format.name());
  }
  if (names.empty()) return Fail("'{}': no format of it has a positive value", item);
  return names;
}

std::string FamilyOf(const std::string& name) {
  if (name == "fp32" || name == "float16" || name == "fp16" || name == "bf16") return "float";
  const Expected<Format> format = Format::Parse(name);
  if (!format) return name.starts_with("exp") ? "exp" : "fixed";  // wider than numerics/ has
  return (name.starts_with('u') ? "u" : "") + format->info().family;
}

void Add(const std::string& name, int width, std::vector<NumberType>& types) {
  const std::string family = FamilyOf(name);
  for (NumberType& type : types) {
    if (type.name != family) continue;
    const auto [place, added] = type.formats.try_emplace(width, name);
    if (added || place->second == name) return;
  }
  types.push_back({family, {{width, name}}, family != "float"});
}

}  // namespace

Expected<std::vector<NumberType>> ParseTypes(std::string_view list) {
  std::vector<NumberType> types = {{"float", {{32, "fp32"}}, false}};
  for (const std::string& item : Items(list)) {
    BW_ASSIGN(const std::vector<std::string> names, Expand(item));
    for (const std::string& name : names) {
      const Representation& format = **Representation::Find(name);
      Add(format.name(), format.bits(), types);
    }
  }
  return types;
}

}  // namespace bw::number
