#include "bitwright/tune/demand.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "bitwright/base/rng.h"
#include "bitwright/search/expression.h"

namespace bw {
namespace {

using Totals = std::span<const double>;

// Names of the quantities, then of their values in float32.
std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const char* prefix : {"", "float_"}) {
    for (const QuantityInfo& info : Quantities())
      names.push_back(std::string(prefix) + std::string(info.name));
  }
  return names;
}

std::string Trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// A formula whose quantities are known to be given.
struct Formula {
  Expression expression;
  std::vector<Quantity> reads;  // apart from float values
};

class Reader {
 public:
  explicit Reader(const LayerCosts& costs) : costs_(costs), names_(Names()) {
    const std::vector<const QuantSpec*> all_float(costs.work().targets.tensors.size());
    const Cost cost = costs.Total(all_float);
    for (const QuantityInfo& info : Quantities()) float_.push_back(cost[info.quantity].value_or(0));
  }

  Expected<Formula> Parse(const std::string& text, std::string_view flag) const {
    Expected<Expression> expression = Expression::Parse(text, names_);
    if (!expression) return Context(flag, expression.error());
    Formula formula{*std::move(expression), {}};
    for (const std::size_t name : formula.expression.used()) {
      const Quantity quantity = Quantities()[name % kQuantityCount].quantity;
      if (const auto given = costs_.Require(quantity); !given) return Context(flag, given.error());
      if (name < kQuantityCount) formula.reads.push_back(quantity);
    }
    return formula;
  }

  // The formula as a function of the totals of `quantities`.
  std::function<double(Totals)> Bind(const Formula& formula,
                                     const std::vector<Quantity>& quantities) const {
    auto values = std::make_shared<std::vector<double>>(kQuantityCount, 0.0);
    values->insert(values->end(), float_.begin(), float_.end());
    return [expression = formula.expression, quantities, values](Totals totals) {
      for (std::size_t i = 0; i < quantities.size(); ++i)
        (*values)[static_cast<std::size_t>(quantities[i])] = totals[i];
      return expression(*values);
    };
  }

  double float_value(Quantity quantity) const { return float_[static_cast<std::size_t>(quantity)]; }

 private:
  const LayerCosts& costs_;
  std::vector<std::string> names_;
  std::vector<double> float_;  // by quantity
};

// "total", "weights" and "activations" from before there were other quantities.
std::string Objective(const std::string& minimize) {
  if (minimize == "total") return "bytes";
  if (minimize == "weights") return "weight_bytes + activation_bytes/1000";
  if (minimize == "activations") return "activation_bytes + weight_bytes/1000";
  return minimize;
}

// The weights of a function that is a weighted sum (up to a constant); empty for any other, told by
// its values at random points up to the float network's.
std::vector<double> WeightsOf(const std::function<double(Totals)>& value,
                              const std::vector<double>& scales) {
  std::vector<double> at(scales.size(), 0.0), weights;
  const double zero = value(at);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    at[i] = scales[i];
    weights.push_back((value(at) - zero) / scales[i]);
    at[i] = 0;
  }
  Rng rng(1);
  for (int trial = 0; trial < 8; ++trial) {
    double expected = zero, size = std::abs(zero);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      at[i] = scales[i] * rng.Uniform(0.001, 1);
      expected += weights[i] * at[i];
      size += std::abs(weights[i] * at[i]);
    }
    if (!(std::abs(value(at) - expected) <= 1e-9 * size)) return {};
  }
  return weights;
}

struct Bound {
  std::string text;
  Comparison comparison;
  Formula left, right;
};

Expected<double> ReadDrop(const std::string& text, const Comparison& comparison) {
  const Expected<Expression> amount = Expression::Parse(comparison.right, {});
  if (!amount) return Context("--subject-to", amount.error());
  const double drop = (*amount)({});
  if (!comparison.at_most || !(drop >= 0)) {
    return FailUsage("--subject-to '{}': a drop is bounded from above, like drop<=1%", text);
  }
  return drop;
}

// left <= limit, or left / right <= 1 where the right side changes with the plan.
Constraint MakeConstraint(const Reader& reader, const Bound& bound,
                          const std::vector<Quantity>& quantities) {
  const auto left = reader.Bind(bound.left, quantities);
  const auto right = reader.Bind(bound.right, quantities);
  const double sign = bound.comparison.at_most ? 1 : -1;
  if (bound.right.reads.empty()) {
    const double limit = right(std::vector<double>(quantities.size(), 0.0));
    return {bound.text, [left, sign](Totals t) { return sign * left(t); }, sign * limit, sign};
  }
  return {bound.text, [left, right, sign](Totals t) { return sign * left(t) / right(t); }, sign,
          sign};
}

// The function's own order of totals out of that of `quantities`.
std::function<double(Totals)> Select(const ObjectiveFunction& objective,
                                     const std::vector<Quantity>& quantities) {
  std::vector<std::size_t> places;
  for (const Quantity quantity : objective.reads) {
    const auto at = std::find(quantities.begin(), quantities.end(), quantity);
    places.push_back(static_cast<std::size_t>(at - quantities.begin()));
  }
  return [value = objective.value, places](Totals totals) {
    std::vector<double> own;
    for (const std::size_t place : places) own.push_back(totals[place]);
    return value(own);
  };
}

// The objective as a formula, or nothing where C++ gives it; what it reads goes into `read`.
Expected<std::optional<Formula>> ReadObjective(const DemandText& text, const LayerCosts& costs,
                                               const Reader& reader, std::set<Quantity>& read) {
  if (text.objective) {
    for (const Quantity quantity : text.objective->reads) BW_TRY(costs.Require(quantity));
    read.insert(text.objective->reads.begin(), text.objective->reads.end());
    return std::nullopt;
  }
  BW_ASSIGN(Formula formula, reader.Parse(Objective(text.minimize), "--minimize"));
  if (formula.reads.empty()) {
    return FailUsage("--minimize '{}': it reads no cost of the plan, at least one is needed",
                     text.minimize);
  }
  read.insert(formula.reads.begin(), formula.reads.end());
  return std::optional(std::move(formula));
}

// The comparisons of costs; those of the drop go into `max_drop`.
Expected<std::vector<Bound>> ReadBounds(const DemandText& text, const Reader& reader,
                                        std::set<Quantity>& read, std::optional<double>& max_drop) {
  std::vector<Bound> bounds;
  for (const std::string& item : text.subject_to) {
    const Expected<Comparison> comparison = ParseComparison(item);
    if (!comparison) return Context("--subject-to", comparison.error());
    if (Trimmed(comparison->left) == "drop") {
      BW_ASSIGN(const double drop, ReadDrop(item, *comparison));
      max_drop = std::min(drop, max_drop.value_or(drop));
      continue;
    }
    BW_ASSIGN(Formula left, reader.Parse(comparison->left, "--subject-to"));
    BW_ASSIGN(Formula right, reader.Parse(comparison->right, "--subject-to"));
    read.insert(left.reads.begin(), left.reads.end());
    read.insert(right.reads.begin(), right.reads.end());
    bounds.push_back({item, *comparison, std::move(left), std::move(right)});
  }
  return bounds;
}

}  // namespace

Expected<ReadyDemand> ReadDemand(const DemandText& text, const LayerCosts& costs) {
  const Reader reader(costs);
  ReadyDemand ready;
  std::set<Quantity> read;
  BW_ASSIGN(const std::optional<Formula> objective, ReadObjective(text, costs, reader, read));
  BW_ASSIGN(const std::vector<Bound> bounds, ReadBounds(text, reader, read, ready.max_drop));
  ready.quantities.assign(read.begin(), read.end());
  for (const Bound& bound : bounds)
    ready.demand.constraints.push_back(MakeConstraint(reader, bound, ready.quantities));
  std::vector<double> scales;
  for (const Quantity quantity : ready.quantities)
    scales.push_back(std::max(reader.float_value(quantity), 1.0));
  ready.demand.objective = objective ? reader.Bind(*objective, ready.quantities)
                                     : Select(*text.objective, ready.quantities);
  ready.demand.weights = WeightsOf(ready.demand.objective, scales);
  for (Constraint& constraint : ready.demand.constraints)
    constraint.weights = WeightsOf(constraint.value, scales);
  return ready;
}

}  // namespace bw
