#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bitwright/base/check.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/format_card.h"
#include "bitwright/cli/format_compare.h"
#include "bitwright/cli/options.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string list, tensor_file, tensor_name, method = "mse";
  std::vector<std::string> shown, compared;
  bool json = false, markdown = false, all = false;
};

void PrintFamily(const FormatFamily& family) {
  fmt::print("{} - {} ({})\n", family.syntax, family.summary, family.source);
  for (const std::string_view name : family.examples) {
    const Expected<Format> format = Format::Parse(name);
    BW_CHECK(format.has_value());
    const FormatInfo& info = format->info();
    fmt::print("  {:<14} {:>2} bits  {:>12.6g} .. {:<12.6g} step {:<12.6g} {:>5} values  {}\n",
               info.name, info.bits, info.min, info.max, info.smallest_positive,
               info.distinct_values, IntegerFormText(info));
  }
}

Expected<std::vector<Format>> Formats(const std::string& list) {
  Expected<std::vector<Format>> parsed = ParseFormatList(list);
  if (!parsed) return FailUsage("{}", parsed.error().message);
  return parsed;
}

Expected<int> List(const Options& options) {
  if (options.markdown) {
    fmt::print("{}", FormatsMarkdown());
    return 0;
  }
  if (options.list.empty() && !options.json) {
    for (const FormatFamily* family : families::All()) PrintFamily(*family);
    fmt::print(
        "\nA spec is element[:grain][:scale][:asym]: int4:c0:fp16, e2m1:b32:e8m0 (= mxfp4), "
        "uint8:asym.\n'formats show NAME' prints every code, 'formats compare A B --on w.npy' "
        "ranks formats on a tensor.\n");
    return 0;
  }
  std::vector<Format> formats;
  if (options.list.empty()) {
    for (const std::string& name : ExampleFormats()) formats.push_back(*Format::Parse(name));
  } else {
    BW_ASSIGN(formats, Formats(options.list));
  }
  Json all = Json::array();
  for (const Format& format : formats) all.push_back(CardJson(MakeFormatCard(format), false));
  if (options.json) {
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

Expected<int> Show(const Options& options) {
  Json all = Json::array();
  std::string text;
  for (const std::string& item : options.shown) {
    BW_ASSIGN(const std::vector<Format> formats, Formats(item));
    for (const Format& format : formats) {
      const FormatCard card = MakeFormatCard(format);
      if (options.json)
        all.push_back(CardJson(card, true));
      else
        text += (text.empty() ? "" : "\n") + CardText(card, options.all);
    }
  }
  fmt::print("{}", options.json ? all.dump(2) + "\n" : text);
  return 0;
}

// Where there is no tensor: the mean squared error on both densities, by the first.
Expected<int> CompareIdeals(const Options& options) {
  std::vector<FormatCard> cards;
  for (const std::string& item : options.compared) {
    BW_ASSIGN(const std::vector<Format> formats, Formats(item));
    for (const Format& format : formats) {
      cards.push_back(MakeFormatCard(format));
      if (cards.back().normal) continue;
      return FailUsage("'{}' has {} bits, formats of at most 12 are compared without --on",
                       format.name(), format.bits());
    }
  }
  std::stable_sort(cards.begin(), cards.end(), [](const FormatCard& a, const FormatCard& b) {
    return a.normal->error < b.normal->error;
  });
  Json all = Json::array();
  if (!options.json)
    fmt::print("{:<14} {:>4}  {:>12}  {:>12}  mean squared error, variance 1\n", "format", "bits",
               "normal", "Laplace");
  for (const FormatCard& card : cards) {
    all.push_back(CardJson(card, false));
    if (!options.json)
      fmt::print("{:<14} {:>4}  {:>12.6g}  {:>12.6g}\n", card.format.name(), card.format.bits(),
                 card.normal->error, card.laplace->error);
  }
  if (options.json) fmt::print("{}\n", all.dump(2));
  return 0;
}

// Specs as they are; other items are format lists.
Expected<std::vector<QuantSpec>> Specs(const std::vector<std::string>& items) {
  std::vector<QuantSpec> specs;
  for (const std::string& item : items) {
    Expected<QuantSpec> spec = QuantSpec::Parse(item);
    if (spec) {
      specs.push_back(*std::move(spec));
      continue;
    }
    const bool list =
        item.find_first_of(",*?") != std::string::npos || item.find("..") != std::string::npos;
    if (!list || item.find(':') != std::string::npos) {
      return FailUsage("{}", spec.error().message);
    }
    BW_ASSIGN(const std::vector<Format> formats, Formats(item));
    for (const Format& format : formats)
      specs.push_back({format, PerTensor{}, *Format::Parse("fp32")});
  }
  return specs;
}

Expected<int> Compare(const Options& options) {
  if (options.tensor_file.empty()) return CompareIdeals(options);
  BW_TRY(CheckScaleMethod(options.method));
  BW_ASSIGN(const std::vector<QuantSpec> specs, Specs(options.compared));
  BW_ASSIGN(const NamedTensor tensor, LoadTensor(options.tensor_file, options.tensor_name));
  BW_ASSIGN(const std::vector<FormatScore> scores,
            CompareFormats(tensor.tensor, specs, options.method));
  if (options.json) {
    Json all = Json::array();
    for (const FormatScore& score : scores) {
      all.push_back({{"spec", score.spec},
                     {"bits_per_element", score.bits},
                     {"mean_squared_error", score.squared_error},
                     {"sqnr_db", std::isfinite(score.sqnr_db) ? Json(score.sqnr_db) : nullptr},
                     {"largest_error", score.largest_error}});
    }
    fmt::print("{}\n", all.dump(2));
    return 0;
  }
  fmt::print("{} {}, scales by {}\n\n{:<24} {:>9}  {:>8}  {:>12}  {:>12}\n", tensor.name,
             ShapeText(tensor.tensor.shape()), options.method, "spec", "bits/elem", "SQNR dB",
             "mean sq err", "largest err");
  for (const FormatScore& score : scores) {
    fmt::print("{:<24} {:>9.3f}  {:>8.2f}  {:>12.4g}  {:>12.4g}\n", score.spec, score.bits,
               score.sqnr_db, score.squared_error, score.largest_error);
  }
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("formats", options->list,
                 "names, ranges and globs: int2..8,dybit*,e4m3fn; none: all families");
  app.add_flag("--json", options->json, "print as JSON");
  app.add_flag("--markdown", options->markdown, "print docs/formats.md");
  CLI::App* show = app.add_subcommand("show", "every code and value, range, errors, a plot");
  show->add_option("names", options->shown, "formats, ranges and globs")->required();
  show->add_flag("--all", options->all, "all codes of wide formats");
  show->add_flag("--json", options->json, "print as JSON");
  CLI::App* compare = app.add_subcommand("compare", "formats ranked by their error");
  compare->add_option("specs", options->compared, "formats or, with --on, specs")->required();
  compare->add_option("--on", options->tensor_file,
                      "a .npy, .onnx or .tflite file; none: ideal normal and Laplace densities");
  compare->add_option("--tensor", options->tensor_name,
                      "which constant of a network; none: the largest");
  compare->add_option("--scale-method", options->method, "how scales are chosen (mse)");
  compare->add_flag("--json", options->json, "print as JSON");
  return [options, show, compare] {
    if (show->parsed()) return Show(*options);
    return compare->parsed() ? Compare(*options) : List(*options);
  };
}

}  // namespace

BW_ENTRY(Command, formats) = {
    "formats", "lists number formats, shows one, compares some on a tensor", Prepare};

}  // namespace bw::commands
