#include "bitwright/numerics/quant_spec.h"

#include <algorithm>
#include <optional>

#include "bitwright/base/text.h"
#include "bitwright/numerics/name_parts.h"

namespace bw {
namespace {

struct Alias {
  std::string_view name, spec;
};
// The concrete formats of OCP Microscaling Formats (MX) v1.0. Its int8 element has an implied scale
// of 2^-6: any power-of-two scale covers it.
constexpr Alias kAliases[] = {
    {"mxfp4", "e2m1:b32:e8m0"},      {"mxfp6_e2m3", "e2m3:b32:e8m0"},
    {"mxfp6_e3m2", "e3m2:b32:e8m0"}, {"mxfp8_e4m3", "e4m3fn:b32:e8m0"},
    {"mxfp8_e5m2", "e5m2:b32:e8m0"}, {"mxint8", "int8:b32:e8m0"},
};
constexpr std::string_view kScaleNames[] = {"fp32", "fp16", "e8m0"};
constexpr int kMaxAxis = 7;

// The text and what has been read of it; each part may stand once, in the order of its rank.
struct Reader {
  std::string_view text;
  std::size_t position = 0;  // of the current field
  int rank = 0;              // 1 after a grain, 2 after a scale, 3 after asym

  // "spec 'int4:b32:fp61': at position 10: "
  std::string Where() const { return fmt::format("spec '{}': at position {}", text, position + 1); }
};

std::optional<Grain> ParseGrain(std::string_view field) {
  if (field == "t") return PerTensor{};
  if (const std::optional<int> axis = NumberAfter(field, "c")) {
    return *axis <= kMaxAxis ? std::optional<Grain>(PerChannel{*axis}) : std::nullopt;
  }
  if (!ConsumePrefix(field, "b")) return std::nullopt;
  PerBlock block;
  std::size_t digits = field.find('@');
  std::int64_t size = 0;
  if (!ParseInt(field.substr(0, digits), size) || size < 1 || size > 1'000'000'000) {
    return std::nullopt;
  }
  block.size = static_cast<int>(size);
  if (digits == std::string_view::npos) return block;
  const std::optional<int> axis = NumberAfter(field.substr(digits), "@");
  if (!axis || *axis > kMaxAxis) return std::nullopt;
  block.axis = *axis;
  return block;
}

std::string GrainText(const Grain& grain) {
  if (const auto* channel = std::get_if<PerChannel>(&grain))
    return fmt::format("c{}", channel->axis);
  const auto* block = std::get_if<PerBlock>(&grain);
  if (block == nullptr) return "t";
  return block->axis < 0 ? fmt::format("b{}", block->size)
                         : fmt::format("b{}@{}", block->size, block->axis);
}

bool IsScaleName(std::string_view field) {
  return std::find(std::begin(kScaleNames), std::end(kScaleNames), field) != std::end(kScaleNames);
}

// A field that is no grain, no scale and not 'asym'.
tl::unexpected<Error> UnknownField(const Reader& reader, std::string_view field) {
  constexpr std::string_view kAllowed =
      "allowed is a grain (t, c<axis>, b<size>[@<axis>]), a scale format (fp32, fp16, e8m0) or "
      "asym";
  if (field.empty()) return Fail("{}: an empty field, {}", reader.Where(), kAllowed);
  std::vector<std::string> known(std::begin(kScaleNames), std::end(kScaleNames));
  known.insert(known.end(), {"asym", "t", "c0", "b32"});
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
  if (IsScaleName(field)) {
    spec.scale = *Format::Parse(field);
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
  for (const Alias& alias : kAliases) known.emplace_back(alias.name);
  const std::string nearest = Nearest(field, known);
  if (nearest == nearest_format) return Context(reader.Where(), format.error());
  return Fail("{}: unknown format '{}'; nearest is the alias '{}'", reader.Where(), field, nearest);
}

}  // namespace

Expected<QuantSpec> QuantSpec::Parse(std::string_view text) {
  for (const Alias& alias : kAliases) {
    if (text == alias.name) return Parse(alias.spec);
  }
  Reader reader{text};
  std::vector<std::string> fields = Split(text, ':');
  if (fields.empty()) fields.emplace_back();
  BW_ASSIGN(Format element, ParseElement(reader, fields[0]));
  QuantSpec spec{std::move(element), PerTensor{}, *Format::Parse("fp32"), true};
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
  if (scale.name() != "fp32") text += ":" + scale.name();
  if (!symmetric) text += ":asym";
  return text;
}

}  // namespace bw
