#include <cstdio>
#include <nlohmann/json.hpp>

#include "bitwright/base/check.h"
#include "bitwright/cli/command.h"
#include "bitwright/numerics/quant_spec.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

Json FormatJson(const FormatInfo& info) {
  Json json = {{"name", info.name},
               {"family", info.family},
               {"bits", info.bits},
               {"signed", info.is_signed},
               {"min", info.min},
               {"max", info.max},
               {"smallest_positive", info.smallest_positive},
               {"distinct_values", info.distinct_values},
               {"significand_bits", info.significand_bits}};
  json["integer_bits"] = info.integer_form ? Json(info.integer_form->bits) : Json(nullptr);
  return json;
}

void PrintFamily(const FormatFamily& family) {
  fmt::print("{} - {} ({})\n", family.syntax, family.summary, family.source);
  for (const std::string_view name : family.examples) {
    const Expected<Format> format = Format::Parse(name);
    BW_CHECK(format.has_value());
    const FormatInfo& info = format->info();
    fmt::print(
        "  {:<10} {:>2} bits  {:>12.6g} .. {:<12.6g} step {:<12.6g} {:>5} values  {}\n", info.name,
        info.bits, info.min, info.max, info.smallest_positive, info.distinct_values,
        info.integer_form
            ? fmt::format("exact in int{}", info.integer_form->bits + (info.is_signed ? 1 : 0))
            : "");
  }
}

Expected<int> Run(const std::string& list, bool json) {
  if (list.empty() && !json) {
    for (const FormatFamily* family : families::All()) PrintFamily(*family);
    fmt::print(
        "\nA spec is element[:grain][:scale][:asym]: int4:c0:fp16, e2m1:b32:e8m0 (= mxfp4), "
        "uint8:asym.\n");
    return 0;
  }
  std::vector<Format> formats;
  if (list.empty()) {
    for (const std::string& name : ExampleFormats()) formats.push_back(*Format::Parse(name));
  } else {
    Expected<std::vector<Format>> parsed = ParseFormatList(list);
    if (!parsed) return FailUsage("{}", parsed.error().message);
    formats = *std::move(parsed);
  }
  Json all = Json::array();
  for (const Format& format : formats) all.push_back(FormatJson(format.info()));
  if (json) {
    fmt::print("{}\n", all.dump(2));
    return 0;
  }
  for (const Format& format : formats) {
    fmt::print("{}: {} bits, {} values\n", format.name(), format.bits(), format.values().size());
    if (format.bits() > 8) continue;
    for (const double value : format.values()) fmt::print(" {:.6g}", value);
    fmt::print("\n");
  }
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto list = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  app.add_option("formats", *list,
                 "names, ranges and globs: int2..8,dybit*,e4m3fn; none: all families");
  app.add_flag("--json", *json, "print as JSON");
  return [list, json] { return Run(*list, *json); };
}

}  // namespace

BW_ENTRY(Command, formats) = {"formats", "lists the number formats, or shows the values of some",
                              Prepare};

}  // namespace bw::commands
