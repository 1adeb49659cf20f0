#include "bitwright/data/labels.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "bitwright/base/file.h"
#include "bitwright/base/text.h"
#include "bitwright/data/byte_source.h"
#include "bitwright/data/idx.h"
#include "bitwright/data/npy.h"

namespace bw {
namespace {

constexpr std::string_view kBlanks = " \t\r";

Expected<std::vector<std::int64_t>> ReadIdxLabels(const std::string& path) {
  BW_ASSIGN(const IdxArray array, OpenIdx(path, 1));
  std::vector<std::uint8_t> raw(static_cast<std::size_t>(array.shape[0]));
  BW_TRY(array.bytes.Read(array.data_offset, raw));
  return std::vector<std::int64_t>(raw.begin(), raw.end());
}

Expected<std::vector<std::int64_t>> ReadTextLabels(const std::string& path) {
  BW_ASSIGN(const std::string text, ReadFile(path));
  BW_ASSIGN(const std::vector<NamedLabel> lines, ParseLabelLines(text, path));
  std::vector<std::int64_t> labels;
  for (const NamedLabel& line : lines) {
    if (!line.name.empty()) {
      return Fail("{}: names a sample, '{}', only one integer a line is allowed for this data",
                  path, line.name);
    }
    labels.push_back(line.label);
  }
  return labels;
}

}  // namespace

Expected<std::vector<std::int64_t>> ReadLabels(const std::string& path) {
  if (path.ends_with(".npy")) {
    BW_ASSIGN(ByteSource bytes, ByteSource::OpenFile(path));
    BW_ASSIGN(const NpyArray array, NpyArray::Open(std::move(bytes)));
    return array.ReadIntegers();
  }
  return LooksLikeIdx(path) ? ReadIdxLabels(path) : ReadTextLabels(path);
}

Expected<std::vector<NamedLabel>> ParseLabelLines(const std::string& text,
                                                  const std::string& where) {
  std::vector<NamedLabel> lines;
  std::size_t number = 0;
  for (const std::string& line : Split(text, '\n')) {
    ++number;
    const std::size_t end = line.find_last_not_of(kBlanks);
    if (end == std::string::npos) continue;
    const std::string_view used = std::string_view(line).substr(0, end + 1);
    const std::size_t blank = used.find_last_of(kBlanks);
    const std::size_t word = blank == std::string_view::npos ? 0 : blank + 1;
    NamedLabel entry;
    if (!ParseInt(used.substr(word), entry.label)) {
      return Fail("{}: line {} has no label, '{}', `name label` with an integer label is needed",
                  where, number, used.substr(0, 80));
    }
    const std::string_view name = used.substr(0, word);
    const std::size_t first = name.find_first_not_of(kBlanks);
    if (first != std::string_view::npos) {
      entry.name = name.substr(first, name.find_last_not_of(kBlanks) - first + 1);
    }
    if (!lines.empty() && lines[0].name.empty() != entry.name.empty()) {
      return Fail(
          "{}: line {} differs from the first, '{}', either all lines are `name label` or all are "
          "labels",
          where, number, used.substr(0, 80));
    }
    lines.push_back(std::move(entry));
  }
  return lines;
}

}  // namespace bw
