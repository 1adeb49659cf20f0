#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bitwright/tune/front.h"

namespace bw {
namespace {

constexpr double kWidth = 460, kHeight = 330;  // of a panel
constexpr double kLeft = 66, kRight = 18, kTop = 40, kBottom = 52;
constexpr int kColumns = 2;

// A range of numbers laid over a range of pixels.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  double operator()(double x) const { return from + (x - low) / (high - low) * (to - from); }
};

// 1, 2 or 5 times a power of ten, about `count` of them in the range.
std::vector<double> Ticks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double digit = raw / power;
  const double step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  std::vector<double> ticks;
  for (double i = std::ceil(low / step); i * step <= high * (1 + 1e-9); ++i)
    ticks.push_back(i * step);
  return ticks;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

struct Unit {
  double factor = 1;
  std::string label;
};

// "bytes" up to 3.1e6 are shown in MB, other names with k, M, G before them.
Unit UnitFor(std::string_view name, double most) {
  const bool bytes = name.ends_with("bytes");
  constexpr std::pair<double, const char*> kPrefixes[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& [factor, prefix] : kPrefixes) {
    if (most < 2 * factor) continue;
    if (bytes) return {factor, fmt::format("{} ({}B)", name, *prefix == 'k' ? "K" : prefix)};
    return {factor, fmt::format("{} ({})", name,
                                factor == 1e3   ? "thousands"
                                : factor == 1e6 ? "millions"
                                                : "billions")};
  }
  return {1, std::string(name)};
}

void Text(std::string& svg, double x, double y, std::string_view anchor, std::string_view style,
          std::string_view text) {
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y,
                     anchor, style, text);
}

void Line(std::string& svg, double x1, double y1, double x2, double y2, std::string_view style) {
  svg += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

// One quantity's panel, its corner at (0, 0).
class Panel {
 public:
  Panel(const Front& front, const QuantityInfo& info) : front_(front), info_(info) {
    scale_ = front.percent ? 100 : 1;
    // Plans that lose much more than is of interest would flatten the rest.
    const double span = std::max(6 * front.max_drop, front.percent ? 0.04 : 0.05);
    double low = front.float_accuracy, high = front.float_accuracy, most = 0;
    for (const FrontPoint& point : front.points) {
      if (point.accuracy < front.float_accuracy - span) continue;
      low = std::min(low, point.accuracy);
      high = std::max(high, point.accuracy);
      most = std::max(most, Value(point));
    }
    low = std::min(low, front.float_accuracy - front.max_drop);
    const double room = 0.08 * std::max(high - low, 1e-9);
    unit_ = UnitFor(info.name, most);
    y_ = {(low - room) * scale_, (high + room) * scale_, kHeight - kBottom, kTop};
    x_ = {0, std::max(most, 1e-9) / unit_.factor * 1.05, kLeft, kWidth - kRight};
  }

  std::string Draw() const {
    std::string svg;
    DrawAxes(svg);
    DrawLevels(svg);
    DrawPoints(svg);
    return svg;
  }

 private:
  double Value(const FrontPoint& point) const { return point.cost[info_.quantity].value_or(0); }
  double X(const FrontPoint& point) const { return x_(Value(point) / unit_.factor); }
  double Y(double accuracy) const { return y_(accuracy * scale_); }
  bool Shown(const FrontPoint& point) const {
    return point.accuracy * scale_ >= y_.low && Value(point) / unit_.factor <= x_.high;
  }

  void DrawAxes(std::string& svg) const {
    for (const double tick : Ticks(x_.low, x_.high, 6)) {
      Line(svg, x_(tick), y_.from, x_(tick), y_.to, "class=\"grid\"");
      Text(svg, x_(tick), y_.from + 16, "middle", "class=\"tick\"", fmt::format("{:g}", tick));
    }
    for (const double tick : Ticks(y_.low, y_.high, 5)) {
      Line(svg, x_.from, y_(tick), x_.to, y_(tick), "class=\"grid\"");
      Text(svg, x_.from - 6, y_(tick) + 4, "end", "class=\"tick\"", fmt::format("{:g}", tick));
    }
    Line(svg, x_.from, y_.from, x_.to, y_.from, "class=\"axis\"");
    Line(svg, x_.from, y_.from, x_.from, y_.to, "class=\"axis\"");
    Text(svg, (x_.from + x_.to) / 2, kHeight - 14, "middle", "class=\"label\"", unit_.label);
    const double middle = (y_.from + y_.to) / 2;
    Text(svg, 16, middle, "middle",
         fmt::format("class=\"label\" transform=\"rotate(-90 16 {:.1f})\"", middle),
         front_.metric + (front_.percent ? " (%)" : ""));
    Text(svg, x_.from, kTop - 14, "start", "class=\"title\"", info_.meaning);
  }

  void DrawLevels(std::string& svg) const {
    const double level = Y(front_.float_accuracy);
    const double bound = Y(front_.float_accuracy - front_.max_drop);
    const std::optional<double>& cost = front_.float_cost[info_.quantity];
    Line(svg, x_.from, level, x_.to, level, "class=\"float\"");
    Line(svg, x_.from, bound, x_.to, bound, "class=\"bound\"");
    const std::string at =
        cost ? fmt::format("float32 (costs {:.4g})", *cost / unit_.factor) : "float32";
    Text(svg, x_.from + 6, level - 5, "start", "class=\"note\"", at);
    Text(svg, x_.from + 6, bound + 13, "start", "class=\"note bad\"", "bound");
  }

  void DrawPoints(std::string& svg) const {
    std::vector<std::size_t> on;
    for (std::size_t p = 0; p < front_.points.size(); ++p) {
      if (Shown(front_.points[p]) && IsOnFront(front_, p, info_.quantity)) on.push_back(p);
    }
    std::stable_sort(on.begin(), on.end(), [&](std::size_t a, std::size_t b) {
      return Value(front_.points[a]) < Value(front_.points[b]);
    });
    std::string steps;
    for (const std::size_t p : on)
      steps += fmt::format("{:.1f},{:.1f} ", X(front_.points[p]), Y(front_.points[p].accuracy));
    svg += fmt::format("<polyline points=\"{}\" class=\"front\"/>\n", steps);
    for (std::size_t p = 0; p < front_.points.size(); ++p) {
      const FrontPoint& point = front_.points[p];
      if (!Shown(point)) continue;
      const bool is_on = std::find(on.begin(), on.end(), p) != on.end();
      svg += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" class=\"{}\"><title>point {}: {:.4g}, "
          "{:.2f}</title></circle>\n",
          X(point), Y(point.accuracy),
          point.chosen ? 6
          : is_on      ? 3.5
                       : 2.5,
          point.chosen ? "chosen"
          : is_on      ? "on"
                       : "off",
          p + 1, Value(point), point.accuracy * scale_);
      if (point.chosen)
        Text(svg, X(point), Y(point.accuracy) + 18, "middle", "class=\"note\"", "chosen");
    }
  }

  const Front& front_;
  const QuantityInfo& info_;
  double scale_ = 1;
  Unit unit_;
  Axis x_, y_;
};

constexpr std::string_view kStyle =
    "<style>text{font-family:Helvetica,Arial,sans-serif;fill:#222}"
    ".head{font-size:16px;font-weight:bold}.sub{font-size:12px;fill:#555}"
    ".title{font-size:12px;font-weight:bold}.label{font-size:12px}.tick{font-size:11px;fill:#555}"
    ".note{font-size:11px;fill:#555}.bad{fill:#b03a2e}"
    ".grid{stroke:#e6e6e6;stroke-width:1}.axis{stroke:#444;stroke-width:1}"
    ".float{stroke:#888;stroke-width:1;stroke-dasharray:5 4}"
    ".bound{stroke:#b03a2e;stroke-width:1;stroke-dasharray:2 3}"
    ".front{fill:none;stroke:#1f5fa8;stroke-width:1.5}.on{fill:#1f5fa8}"
    ".off{fill:#c3cedb}.chosen{fill:#e08a1e;stroke:#fff;stroke-width:1.5}</style>\n";

}  // namespace

std::string FrontToSvg(const Front& front) {
  constexpr double kHead = 58;
  std::string panels;
  int count = 0;
  for (const QuantityInfo& info : Quantities()) {
    if (!front.float_cost[info.quantity]) continue;
    panels += fmt::format("<g transform=\"translate({:.0f} {:.0f})\">\n{}</g>\n",
                          count % kColumns * kWidth, kHead + count / kColumns * kHeight,
                          Panel(front, info).Draw());
    ++count;
  }
  const double width = kColumns * kWidth;
  const double height = kHead + (count + kColumns - 1) / kColumns * kHeight;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 "
      "0 "
      "{0:.0f} {1:.0f}\">\n{2}<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, kStyle);
  Text(svg, 20, 26, "start", "class=\"head\"",
       fmt::format("Accuracy against cost, minimizing {}", Escaped(front.objective)));
  Text(svg, 20, 45, "start", "class=\"sub\"",
       fmt::format(
           "{} on the {} samples of the search split; the line joins the plans that no other "
           "beats in that cost",
           front.metric, front.samples));
  return svg + panels + "</svg>\n";
}

}  // namespace bw
