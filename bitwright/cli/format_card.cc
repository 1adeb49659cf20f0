#include "bitwright/cli/format_card.h"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostIdealBits = 12;
constexpr std::size_t kMostCodes = 256;  // printed unless all are asked for
constexpr std::string_view kShades = " .:-=+*#%@";

const FormatFamily* FamilyOf(const FormatInfo& info) {
  for (const FormatFamily* family : families::All()) {
    if (family->name == info.family) return family;
  }
  return nullptr;
}

// Counts as shades, the most as the darkest.
std::string Shade(const std::vector<int>& counts) {
  const int most = std::max(1, *std::max_element(counts.begin(), counts.end()));
  std::string line;
  for (const int count : counts) {
    const auto last = static_cast<int>(kShades.size()) - 1;
    line += kShades[static_cast<std::size_t>(count == 0 ? 0 : 1 + (count * (last - 1)) / most)];
  }
  return line;
}

std::vector<double> Positives(const Format& format) {
  std::vector<double> positives;
  for (const double value : format.values()) {
    if (value > 0) positives.push_back(value);
  }
  return positives;
}

std::string Bits(Code code, int bits) {
  std::string text;
  for (int i = bits - 1; i >= 0; --i) text += (code >> i & 1) != 0 ? '1' : '0';
  return text;
}

std::string IdealText(std::string_view name, const std::optional<IdealScale>& ideal) {
  if (!ideal) return "";
  return fmt::format("{:<10} mean squared error {:.6g} at scale {:.6g} ({:.2f} dB)\n", name,
                     ideal->error, ideal->scale, -10 * std::log10(ideal->error));
}

Json IdealJson(const std::optional<IdealScale>& ideal) {
  if (!ideal) return nullptr;
  return {{"scale", ideal->scale}, {"mean_squared_error", ideal->error}};
}

Json ValueJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string CodeTable(const Format& format, bool all) {
  const std::size_t count = std::size_t{1} << format.bits();
  const std::size_t ends = all || count <= kMostCodes ? count : kMostCodes / 8;
  std::string text = "\ncode and value:\n";
  for (std::size_t i = 0; i < count; ++i) {
    if (i == ends && 2 * ends < count) {
      text += fmt::format("  ... {} codes; --all shows them\n", count - 2 * ends);
      i = count - ends;
    }
    const auto code = static_cast<Code>(i);
    text +=
        fmt::format("  {} {:>6} {:>14.8g}\n", Bits(code, format.bits()), code, format.Decode(code));
  }
  return text;
}

std::string MarkdownRow(const FormatCard& card) {
  const FormatInfo& info = card.format.info();
  const auto error = [](const std::optional<IdealScale>& ideal) {
    return ideal ? fmt::format("{:.4g}", ideal->error) : std::string("-");
  };
  return fmt::format("| `{}` | {} | {:.6g} | {:.6g} | {:.6g} | {} | {} | {} | {} |\n", info.name,
                     info.bits, info.min, info.max, info.smallest_positive, info.distinct_values,
                     info.integer_form ? fmt::format("{}", info.integer_form->bits) : "-",
                     error(card.normal), error(card.laplace));
}

}  // namespace

FormatCard MakeFormatCard(const Format& format) {
  FormatCard card{format, FamilyOf(format.info()), {}, {}};
  if (format.bits() > kMostIdealBits || format.info().max <= 0) return card;
  if (format.info().family == "scale") return card;
  card.normal = FindIdealScale(format, Bell::kNormal);
  card.laplace = FindIdealScale(format, Bell::kLaplace);
  return card;
}

std::string IntegerFormText(const FormatInfo& info) {
  if (!info.integer_form) return "";
  return fmt::format("exact in int{}, unit {:.6g}",
                     info.integer_form->bits + (info.is_signed ? 1 : 0), info.integer_form->unit);
}

std::string ValuePlot(const Format& format, int width) {
  const std::vector<double> positives = Positives(format);
  if (positives.empty()) return "";
  const double low = positives.front(), high = positives.back();
  const double octaves = std::log2(high / low);
  const auto columns = static_cast<std::size_t>(width);
  std::vector<int> linear(columns, 0), logarithmic(columns, 0);
  const auto count = [&](std::vector<int>& counts, double place) {
    ++counts[std::min(columns - 1, static_cast<std::size_t>(place * (width - 1)))];
  };
  for (const double value : positives) {
    count(linear, value / high);
    count(logarithmic, octaves > 0 ? std::log2(value / low) / octaves : 0);
  }
  return fmt::format("0 |{}| {:.6g}\n{:.6g} |{}| {:.6g}, by octaves\n", Shade(linear), high, low,
                     Shade(logarithmic), high);
}

std::string CardText(const FormatCard& card, bool all) {
  const Format& format = card.format;
  const FormatInfo& info = format.info();
  std::string text =
      fmt::format("{}: {} bits, {} values, {:.8g} to {:.8g}, least positive {:.8g}\n", info.name,
                  info.bits, info.distinct_values, info.min, info.max, info.smallest_positive);
  if (card.family != nullptr) {
    text += fmt::format("family     {} - {} ({})\n", card.family->syntax, card.family->summary,
                        card.family->source);
  }
  if (const std::string integers = IntegerFormText(info); !integers.empty())
    text += fmt::format("integers   {}\n", integers);
  text += fmt::format("significand {} bits\n", info.significand_bits);
  text += fmt::format(
      "specials   {} NaN codes, {} infinities; NaN rounds to {:.6g}, the rest "
      "saturates\n",
      info.nan_codes, info.infinity_codes, info.nan_value);
  if (info.fitted_from_data)
    text += "fitted     its values are learned from each tensor; these stand in\n";
  text += IdealText("normal", card.normal) + IdealText("Laplace", card.laplace);
  if (info.bits > 16) return text;
  return text + "\n" + ValuePlot(format, 72) + CodeTable(format, all);
}

Json CardJson(const FormatCard& card, bool codes) {
  const FormatInfo& info = card.format.info();
  Json json = {{"name", info.name},
               {"family", info.family},
               {"bits", info.bits},
               {"signed", info.is_signed},
               {"min", info.min},
               {"max", info.max},
               {"smallest_positive", info.smallest_positive},
               {"distinct_values", info.distinct_values},
               {"significand_bits", info.significand_bits},
               {"nan_codes", info.nan_codes},
               {"infinity_codes", info.infinity_codes},
               {"fitted_from_data", info.fitted_from_data}};
  json["integer_bits"] = info.integer_form ? Json(info.integer_form->bits) : Json(nullptr);
  json["integer_unit"] = info.integer_form ? Json(info.integer_form->unit) : Json(nullptr);
  json["normal"] = IdealJson(card.normal);
  json["laplace"] = IdealJson(card.laplace);
  if (!codes || info.bits > 16) return json;
  Json& values = json["values"] = Json::array();  // by code
  for (Code code = 0; code < Code{1} << info.bits; ++code)
    values.push_back(ValueJson(card.format.Decode(code)));
  return json;
}

std::string FormatsMarkdown() {
  std::string text =
      "# Number formats\n\nWritten by `bitwright formats --markdown`; a test compares it with what "
      "the program says. `bitwright formats show NAME` prints every code of one format. "
      "Errors are mean squared errors at the best scale on a density of variance 1 (unsigned "
      "formats: on its positive half), for formats of at most 12 bits.\n";
  for (const FormatFamily* family : families::All()) {
    text += fmt::format("\n## {}\n\n`{}`: {}. Source: {}.\n\n", family->name, family->syntax,
                        family->summary, family->source);
    text +=
        "| format | bits | least | greatest | least positive | values | integer bits | normal | "
        "Laplace |\n|---|---|---|---|---|---|---|---|---|\n";
    for (const std::string_view name : family->examples)
      text += MarkdownRow(MakeFormatCard(Format::Parse(name).value()));
  }
  text += "\n## Published names of specs\n\n| name | spec | source |\n|---|---|---|\n";
  for (const SpecAlias& alias : SpecAliases())
    text += fmt::format("| `{}` | `{}` | {} |\n", alias.name, alias.spec, alias.source);
  return text;
}

}  // namespace bw
