#include "bitwright/numerics/quant_spec.h"

#include <algorithm>
#include <optional>

#include "bitwright/base/text.h"
#include "bitwright/numerics/name_parts.h"

namespace bw {
namespace {

// Offered as the nearest where a field is unknown.
constexpr std::string_view kScaleNames[] = {"fp32", "fp16", "bf16", "e8m0", "e4m3fn", "e5m2"};
constexpr std::string_view kOuter = "*fp32";
constexpr int kMostTwoLevelBits = 8;
constexpr int kMaxAxis = 7;
constexpr std::int64_t kMaxExtent = 1'000'000'000;

// The text and what has been read of it; each part may stand once, in the order of its rank.
struct Reader {
  std::string_view text;
  std::size_t position = 0;  // of the current field
  int rank = 0;              // 1 after a grain, 2 after a scale, 3 after asym

  // "spec 'int4:b32:fp61': at position 10: "
  std::string Where() const { return fmt::format("spec '{}': at position {}", text, position + 1); }
};

// A positive extent without leading zeros.
std::optional<int> ParseExtent(std::string_view text) {
  std::int64_t extent = 0;
  if (text.starts_with('0') || !ParseInt(text, extent)) return std::nullopt;
  if (extent < 1 || extent > kMaxExtent) return std::nullopt;
  return static_cast<int>(extent);
}

// Removes "@<axis>" from the end of a field, where it stands: the axis, or `otherwise`.
std::optional<int> ConsumeAxis(std::string_view& field, int otherwise) {
  const std::size_t at = field.find('@');
  if (at == std::string_view::npos) return otherwise;
  const std::optional<int> axis = NumberAfter(field.substr(at), "@");
  if (!axis || *axis > kMaxAxis) return std::nullopt;
  field = field.substr(0, at);
  return axis;
}

std::optional<Grain> ParseTile(std::string_view field) {
  const std::optional<int> axis = ConsumeAxis(field, 0);
  const std::size_t times = field.find('x');
  if (!axis || times == std::string_view::npos) return std::nullopt;
  const std::optional<int> rows = ParseExtent(field.substr(0, times));
  const std::optional<int> columns = ParseExtent(field.substr(times + 1));
  if (!rows || !columns) return std::nullopt;
  return PerTile{*rows, *columns, *axis};
}

std::optional<Grain> ParseGrain(std::string_view field) {
  if (field == "t") return PerTensor{};
  if (const std::optional<int> axis = NumberAfter(field, "c")) {
    return *axis <= kMaxAxis ? std::optional<Grain>(PerChannel{*axis}) : std::nullopt;
  }
  if (ConsumePrefix(field, "m")) return ParseTile(field);
  if (!ConsumePrefix(field, "b")) return std::nullopt;
  const std::optional<int> axis = ConsumeAxis(field, -1);
  const std::optional<int> size = ParseExtent(field);
  if (!axis || !size) return std::nullopt;
  return PerBlock{*size, *axis};
}

std::string GrainText(const Grain& grain) {
  if (const auto* channel = std::get_if<PerChannel>(&grain)) {
    return fmt::format("c{}", channel->axis);
  }
  if (const auto* tile = std::get_if<PerTile>(&grain)) {
    const std::string at = tile->axis == 0 ? "" : fmt::format("@{}", tile->axis);
    return fmt::format("m{}x{}{}", tile->rows, tile->columns, at);
  }
  const auto* block = std::get_if<PerBlock>(&grain);
  if (block == nullptr) return "t";
  return block->axis < 0 ? fmt::format("b{}", block->size)
                         : fmt::format("b{}@{}", block->size, block->axis);
}

// Floating formats hold scales: any minifloat, e8m0, fp32.
std::optional<Format> ScaleFormat(std::string_view name) {
  if (!name.starts_with('e') && !name.starts_with("ue") && !name.starts_with("fp") &&
      name != "bf16") {
    return std::nullopt;
  }
  const Expected<Format> format = Format::Parse(name);
  if (!format) return std::nullopt;
  const std::string_view family = format->info().family;
  if (family != "minifloat" && family != "scale" && name != "fp32") return std::nullopt;
  return *format;
}

// A field that is no grain, no scale and not 'asym'.
tl::unexpected<Error> UnknownField(const Reader& reader, std::string_view field) {
  constexpr std::string_view kAllowed =
      "allowed is a grain (t, c<axis>, b<size>[@<axis>], m<rows>x<columns>[@<axis>]), a scale "
      "format (fp32, fp16, bf16, e8m0, e4m3fn*fp32, ...) or asym";
  if (field.empty()) return Fail("{}: an empty field, {}", reader.Where(), kAllowed);
  std::vector<std::string> known(std::begin(kScaleNames), std::end(kScaleNames));
  known.insert(known.end(), {"asym", "t", "c0", "b32", "m32x32", "e4m3fn*fp32"});
  return Fail("{}: unknown field '{}', {}; nearest is '{}'", reader.Where(), field, kAllowed,
              Nearest(field, known));
}

Expected<void> Advance(Reader& reader, std::string_view field, int rank) {
  if (rank <= reader.rank) {
    return Fail("{}: '{}' is repeated or out of order, allowed is element[:grain][:scale][:asym]",
                reader.Where(), field);
  }
  reader.rank = rank;
  return {};
}

Expected<void> ParseField(Reader& reader, std::string_view field, QuantSpec& spec) {
  if (field == "asym") {
    spec.symmetric = false;
    return Advance(reader, field, 3);
  }
  std::string_view inner = field;
  const bool two_level = field.ends_with(kOuter);
  if (two_level) inner.remove_suffix(kOuter.size());
  if (const std::optional<Format> scale = ScaleFormat(inner)) {
    if (two_level && scale->bits() > kMostTwoLevelBits) {
      return Fail(
          "{}: the inner of two scale levels is '{}', allowed are formats of at most {} "
          "bits (e8m0, e4m3fn, e5m2)",
          reader.Where(), inner, kMostTwoLevelBits);
    }
    spec.scale = *scale;
    spec.two_level = two_level;
    return Advance(reader, field, 2);
  }
  const std::optional<Grain> grain = ParseGrain(field);
  if (!grain) return UnknownField(reader, field);
  spec.grain = *grain;
  return Advance(reader, field, 1);
}

Expected<Format> ParseElement(const Reader& reader, std::string_view field) {
  Expected<Format> format = Format::Parse(field);
  if (format) return format;
  std::vector<std::string> known = ExampleFormats();
  const std::string nearest_format = Nearest(field, known);
  for (const SpecAlias& alias : SpecAliases()) known.emplace_back(alias.name);
  const std::string nearest = Nearest(field, known);
  if (nearest == nearest_format) return Context(reader.Where(), format.error());
  return Fail("{}: unknown format '{}'; nearest is the alias '{}'", reader.Where(), field, nearest);
}

}  // namespace

Expected<QuantSpec> QuantSpec::Parse(std::string_view text) {
  for (const SpecAlias& alias : SpecAliases()) {
    if (text == alias.name) return Parse(alias.spec);
  }
  Reader reader{text};
  std::vector<std::string> fields = Split(text, ':');
  if (fields.empty()) fields.emplace_back();
  BW_ASSIGN(Format element, ParseElement(reader, fields[0]));
  QuantSpec spec{std::move(element), PerTensor{}, *Format::Parse("fp32"), true, false};
  for (std::size_t i = 1; i < fields.size(); ++i) {
    reader.position += fields[i - 1].size() + 1;
    BW_TRY(ParseField(reader, fields[i], spec));
  }
  if (!spec.symmetric && spec.element.info().family != "integer") {
    return Fail("{}: 'asym' needs an integer element, got '{}', allowed are int<N> and uint<N>",
                reader.Where(), spec.element.name());
  }
  return spec;
}

std::string QuantSpec::ToString() const {
  std::string text = element.name();
  if (!std::holds_alternative<PerTensor>(grain)) text += ":" + GrainText(grain);
  if (two_level) {
    text += ":" + scale.name() + std::string(kOuter);
  } else if (scale.name() != "fp32") {
    text += ":" + scale.name();
  }
  if (!symmetric) text += ":asym";
  return text;
}

}  // namespace bw
