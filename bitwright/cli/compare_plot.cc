#include <algorithm>
#include <array>
#include <cmath>

#include "bitwright/cli/compare_table.h"

namespace bw {
namespace {

constexpr double kLeft = 70, kTop = 50, kGroup = 190, kHeight = 360, kLegend = 130;
// Drops are shown on a scale that is linear near zero: asinh of points.
constexpr std::array<double, 9> kTicks = {-1, 0, 0.5, 1, 2, 5, 10, 30, 90};
constexpr double kLow = -1, kHigh = 100;
constexpr std::array<const char*, 14> kColours = {
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2",
    "#7f7f7f", "#bcbd22", "#17becf", "#000000", "#0b5345", "#7d6608", "#641e16"};

double Height(double drop) {
  const auto place = [](double x) { return std::asinh(2 * std::clamp(x, kLow, kHigh)); };
  return kTop + kHeight * (place(kHigh) - place(drop)) / (place(kHigh) - place(kLow));
}

std::string Text(double x, double y, const std::string& anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     text);
}

std::string Line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2,
      y2, colour);
}

std::string Dot(double x, double y, const char* colour, const char* fill) {
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" stroke=\"{}\" fill=\"{}\"/>\n", x,
                     y, colour, fill);
}

std::size_t PlaceOf(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

}  // namespace

std::string CompareSvg(const CompareTable& table) {
  std::vector<std::string> budgets, families;
  for (const CompareRow& row : table.rows) {
    PlaceOf(budgets, row.cell.budget.Name());
    PlaceOf(families, row.cell.family);
  }
  const double right = kLeft + kGroup * static_cast<double>(budgets.size());
  std::string body;
  for (const double tick : kTicks) {
    body += Line(kLeft, Height(tick), right, Height(tick), tick == 0 ? "#444" : "#ddd");
    body += Text(kLeft - 8, Height(tick) + 4, "end", fmt::format("{}", tick));
  }
  const double unit = table.percent ? 100 : 1;
  for (const CompareRow& row : table.rows) {
    const std::size_t f = PlaceOf(families, row.cell.family);
    const char* colour = kColours[f % kColours.size()];
    const double x = kLeft +
                     kGroup * static_cast<double>(PlaceOf(budgets, row.cell.budget.Name())) + 12 +
                     (kGroup - 24) * static_cast<double>(f) /
                         static_cast<double>(std::max<std::size_t>(1, families.size() - 1));
    const auto y = [&](const CompareResult& result) {
      return Height(unit * (table.float_value - result.value));
    };
    if (row.nearest && row.repaired) body += Line(x, y(*row.nearest), x, y(*row.repaired), colour);
    if (row.nearest) body += Dot(x, y(*row.nearest), colour, "white");
    if (row.repaired) body += Dot(x, y(*row.repaired), colour, colour);
  }
  for (std::size_t b = 0; b < budgets.size(); ++b) {
    const double x = kLeft + kGroup * static_cast<double>(b);
    body += Line(x, kTop, x, kTop + kHeight, "#aaa");
    body += Text(x + kGroup / 2, kTop + kHeight + 20, "middle", budgets[b]);
  }
  for (std::size_t f = 0; f < families.size(); ++f) {
    const double y = kTop + 10 + 20 * static_cast<double>(f);
    const char* colour = kColours[f % kColours.size()];
    body += Dot(right + 20, y, colour, colour) + Text(right + 32, y + 4, "start", families[f]);
  }
  const std::string name = table.network.substr(table.network.rfind('/') + 1);
  body += Text(kLeft, 20, "start",
               fmt::format("{}: drop in {}{} on {} samples", name, table.metric,
                           table.percent ? ", points" : "", table.images));
  body += Text(kLeft, 38, "start",
               fmt::format("hollow: rounded to nearest, filled: repaired ({})", table.effort));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"13\">\n<rect "
      "width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
      right + kLegend, kTop + kHeight + 40, body);
}

}  // namespace bw
