#pragma once
// What `bitwright formats` knows of one format: for people, for programs, for docs/formats.md.

#include <nlohmann/json.hpp>
#include <string>

#include "bitwright/numerics/ideal_error.h"
#include "bitwright/numerics/quant_spec.h"

namespace bw {

struct FormatCard {
  Format format;
  const FormatFamily* family = nullptr;
  // At the best scale for each density; only for formats of 2 to 12 bits.
  std::optional<IdealScale> normal, laplace;
};

FormatCard MakeFormatCard(const Format& format);

// "exact in int8, unit 0.25"; "64 bits wide at least" is said of none: empty where there is no
// integer form.
std::string IntegerFormText(const FormatInfo& info);

// Where the positive values lie: one line over [0, max], one over octaves; both `width` wide.
std::string ValuePlot(const Format& format, int width);

// The whole card; codes of wide formats are cut in the middle unless `all`.
std::string CardText(const FormatCard& card, bool all);

// The facts; with `codes` every code and value too.
nlohmann::ordered_json CardJson(const FormatCard& card, bool codes);

// docs/formats.md: every family with its examples.
std::string FormatsMarkdown();

}  // namespace bw
