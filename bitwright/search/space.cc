#include "bitwright/search/space.h"

#include <algorithm>
#include <cmath>

#include "bitwright/base/check.h"

namespace bw {

CostTerm SingleTerm(std::size_t decision, std::vector<double> values) {
  return {{decision}, [values = std::move(values)](std::span<const std::size_t> choices) {
            return values[choices[0]];
          }};
}

double TermValue(const CostTerm& term, const Assignment& assignment) {
  thread_local std::vector<std::size_t> choices;
  choices.clear();
  for (const std::size_t d : term.decisions) choices.push_back(assignment[d]);
  return term.value(choices);
}

std::vector<double> Totals(const SearchSpace& space, const Assignment& assignment) {
  BW_CHECK(assignment.size() == space.decisions());
  std::vector<double> totals;
  for (const CostTable& cost : space.costs) {
    double total = cost.constant;
    for (const CostTerm& term : cost.terms) {
      const double value = TermValue(term, assignment);
      total = cost.is_peak ? std::max(total, value) : total + value;
    }
    totals.push_back(total);
  }
  return totals;
}

double SummedLoss(const ChoiceTable& losses, const Assignment& assignment) {
  double sum = 0;
  for (std::size_t d = 0; d < losses.size(); ++d) sum += losses[d][assignment[d]];
  return sum;
}

Demand MinimizeCost(const SearchSpace& space, std::size_t cost) {
  Demand demand;
  demand.objective = [cost](std::span<const double> totals) { return totals[cost]; };
  demand.weights.assign(space.costs.size(), 0);
  demand.weights[cost] = 1;
  return demand;
}

double Excess(const Demand& demand, std::span<const double> totals) {
  double excess = 0;
  for (const Constraint& constraint : demand.constraints) {
    const double over = constraint.value(totals) - constraint.limit;
    if (over > 0) excess += over / std::max(std::abs(constraint.limit), 1e-30);
  }
  return excess;
}

bool Keeps(const Demand& demand, std::span<const double> totals) {
  return Excess(demand, totals) == 0;
}

}  // namespace bw
