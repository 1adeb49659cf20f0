#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "bitwright/search/expression.h"
#include "bitwright/tune/front.h"

namespace bw {
namespace {

// Quantities, then the drop.
std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const QuantityInfo& info : Quantities()) names.emplace_back(info.name);
  names.emplace_back("drop");
  return names;
}

std::vector<double> Values(const Front& front, const FrontPoint& point) {
  std::vector<double> values;
  for (const QuantityInfo& info : Quantities())
    values.push_back(point.cost[info.quantity].value_or(std::numeric_limits<double>::quiet_NaN()));
  values.push_back(front.float_accuracy - point.accuracy);
  return values;
}

struct Bound {
  std::string text;
  Expression left, right;
  bool at_most = true;
  bool of_drop = false;
};

Expected<Bound> ReadBound(const std::string& text) {
  const std::vector<std::string> names = Names();
  BW_ASSIGN(const Comparison comparison, ParseComparison(text));
  BW_ASSIGN(Expression left, Expression::Parse(comparison.left, names));
  BW_ASSIGN(Expression right, Expression::Parse(comparison.right, names));
  const auto& used = left.used();
  const bool of_drop = std::find(used.begin(), used.end(), kQuantityCount) != used.end();
  return Bound{text, std::move(left), std::move(right), comparison.at_most, of_drop};
}

bool Meets(const Front& front, const FrontPoint& point, const std::vector<Bound>& bounds) {
  const std::vector<double> values = Values(front, point);
  return std::all_of(bounds.begin(), bounds.end(), [&](const Bound& bound) {
    const double left = bound.left(values), right = bound.right(values);
    return bound.at_most ? left <= right : left >= right;
  });
}

Expected<std::size_t> ByNumber(const Front& front, std::size_t number) {
  if (number >= 1 && number <= front.points.size()) return number - 1;
  return FailUsage("there is no point {}, the front has 1 to {}", number, front.points.size());
}

Expected<std::vector<Bound>> ReadBounds(const std::string& text) {
  std::vector<Bound> bounds;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    BW_ASSIGN(Bound bound, ReadBound(text.substr(at, comma - at)));
    bounds.push_back(std::move(bound));
    at = comma + 1;
  }
  return bounds;
}

}  // namespace

Expected<std::size_t> PickPoint(const Front& front, const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return ByNumber(front, number);
  BW_ASSIGN(const std::vector<Bound> bounds, ReadBounds(text));
  const bool by_cost =
      std::any_of(bounds.begin(), bounds.end(), [](const Bound& bound) { return bound.of_drop; });
  std::optional<std::size_t> best;
  for (std::size_t p = 0; p < front.points.size(); ++p) {
    const FrontPoint& point = front.points[p];
    if (!Meets(front, point, bounds)) continue;
    const bool better = !best || (by_cost ? point.objective < front.points[*best].objective
                                          : point.accuracy > front.points[*best].accuracy);
    if (better) best = p;
  }
  if (best) return *best;
  return FailUsage("none of the front's {} points meets '{}'; pareto.csv lists them",
                   front.points.size(), text);
}

}  // namespace bw
