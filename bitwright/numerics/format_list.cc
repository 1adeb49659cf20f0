#include <algorithm>

#include "bitwright/base/text.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

constexpr std::int64_t kLongestRange = 64;

// <prefix><low>..<high>, low and high decimal.
struct Range {
  std::string prefix;
  std::int64_t low = 0, high = 0;
};

std::optional<Range> ParseRange(std::string_view item) {
  const std::size_t dots = item.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const std::string_view left = item.substr(0, dots);
  const std::size_t digits = left.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  Range range{std::string(left.substr(0, digits)), 0, 0};
  if (!ParseInt(left.substr(digits), range.low)) return std::nullopt;
  if (!ParseInt(item.substr(dots + 2), range.high)) return std::nullopt;
  return range;
}

Expected<std::vector<Format>> ExpandRange(std::string_view item) {
  const std::optional<Range> range = ParseRange(item);
  if (!range) {
    return Fail("range '{}' is malformed, allowed is <prefix><low>..<high> as in 'int2..8'", item);
  }
  std::vector<Format> formats;
  const std::int64_t high = std::min(range->high, range->low + kLongestRange);
  for (std::int64_t n = range->low; n <= high; ++n) {
    const Expected<Format> format = Format::Parse(fmt::format("{}{}", range->prefix, n));
    if (format) formats.push_back(*format);
  }
  if (formats.empty()) {
    return Fail("range '{}' gives no format, allowed is a range of names as in 'int2..8'", item);
  }
  return formats;
}

Expected<std::vector<Format>> ExpandGlob(std::string_view item) {
  std::vector<Format> formats;
  for (const std::string& name : ExampleFormats()) {
    if (GlobMatch(item, name)) formats.push_back(*Format::Parse(name));
  }
  if (formats.empty()) {
    return Fail("pattern '{}' matches none of the {} formats (run 'bitwright formats' for all)",
                item, ExampleFormats().size());
  }
  return formats;
}

Expected<std::vector<Format>> ExpandItem(std::string_view item) {
  const bool has_fields = item.find_first_of("<[") != std::string_view::npos;
  if (!has_fields && item.find("..") != std::string_view::npos) return ExpandRange(item);
  if (item.find_first_of("*?") != std::string_view::npos) return ExpandGlob(item);
  BW_ASSIGN(const Format format, Format::Parse(item));
  return std::vector<Format>{format};
}

// The pieces between commas, those within <> and [] aside.
std::vector<std::string> SplitItems(std::string_view list) {
  std::vector<std::string> items;
  int depth = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (items.empty()) items.emplace_back();
    if (list[i] == '<' || list[i] == '[') ++depth;
    if (list[i] == '>' || list[i] == ']') --depth;
    if (list[i] == ',' && depth <= 0) {
      items.emplace_back();
    } else {
      items.back() += list[i];
    }
  }
  return items;
}

}  // namespace

std::vector<std::string> ExampleFormats() {
  std::vector<std::string> names;
  for (const FormatFamily* family : families::All()) {
    names.insert(names.end(), family->examples.begin(), family->examples.end());
  }
  return names;
}

Expected<std::vector<Format>> ParseFormatList(std::string_view list) {
  const std::vector<std::string> items = SplitItems(list);
  if (items.empty()) return Fail("format list is empty, at least one name is needed");
  std::vector<Format> formats;
  for (const std::string& item : items) {
    if (item.empty()) return Fail("format list '{}' has an empty item", list);
    BW_ASSIGN(const std::vector<Format> expanded, ExpandItem(item));
    for (const Format& format : expanded) {
      if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
        formats.push_back(format);
      }
    }
  }
  return formats;
}

}  // namespace bw
