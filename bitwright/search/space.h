#pragma once
// What a search chooses among, as numbers: decisions, the choices of each, what they cost together.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bw {

// The index of the choice taken, by decision.
using Assignment = std::vector<std::size_t>;

// A number for each choice of each decision.
using ChoiceTable = std::vector<std::vector<double>>;

// A part of a cost that depends on few decisions, by the choices that they take. Decisions ascend
// without repeats. The value is asked for often, from one thread at a time.
struct CostTerm {
  std::vector<std::size_t> decisions;
  std::function<double(std::span<const std::size_t> choices)> value;
};

// A term of one decision: a value for each of its choices.
CostTerm SingleTerm(std::size_t decision, std::vector<double> values);

// One thing to pay for: the sum of its terms, or the greatest.
struct CostTable {
  std::string name;
  bool is_peak = false;  // the total is the greatest term, at least `constant`; else the sum
  double constant = 0;   // what no decision changes
  std::vector<CostTerm> terms;
};

struct SearchSpace {
  ChoiceTable losses;  // measured when the one decision alone takes the choice
  std::vector<CostTable> costs;

  std::size_t decisions() const { return losses.size(); }
  std::size_t choices(std::size_t decision) const { return losses[decision].size(); }
};

double TermValue(const CostTerm& term, const Assignment& assignment);

// Totals of all costs, in their order.
std::vector<double> Totals(const SearchSpace& space, const Assignment& assignment);

// The sum of the losses of the choices taken.
double SummedLoss(const ChoiceTable& losses, const Assignment& assignment);

// value(totals) <= limit. `text` is the user's.
struct Constraint {
  std::string text;
  std::function<double(std::span<const double> totals)> value;
  double limit = 0;
  double sign = 1;  // -1: the user's demand is a lower bound, value and limit are negated
  std::vector<double> weights = {};  // where the value is a weighted sum of the totals; else empty

  double shown(double of_value) const { return sign * of_value; }
};

// What is wanted: the objective as small as can be, every constraint kept. Both are functions of
// the totals.
struct Demand {
  std::function<double(std::span<const double> totals)> objective;
  std::vector<Constraint> constraints;
  // Where the objective is a weighted sum of the totals: the weights. Else empty.
  std::vector<double> weights;
};

// The objective is one of the space's costs itself.
Demand MinimizeCost(const SearchSpace& space, std::size_t cost);

// The sum over constraints of how far each is exceeded, in parts of its limit.
double Excess(const Demand& demand, std::span<const double> totals);
bool Keeps(const Demand& demand, std::span<const double> totals);

}  // namespace bw
