#include "bitwright/search/reachable.h"

#include <fmt/ranges.h>

#include "bitwright/search/predict.h"

namespace bw {
namespace {

// Where `demand`'s merit is least, by moves that lower it.
Assignment Lowest(const SearchSpace& space, const Demand& demand) {
  ChoiceTable free = space.losses;
  for (std::vector<double>& row : free) row.assign(row.size(), 0.0);
  return MakePath(space, free, demand).back().assignment;
}

}  // namespace

double LeastValue(const SearchSpace& space,
                  const std::function<double(std::span<const double>)>& value) {
  return value(Totals(space, Lowest(space, {value, {}, {}})));
}

std::string DescribeConflict(const Problem& problem) {
  const Demand& demand = problem.demand();
  const MeasuredAssignment* nearest = nullptr;
  const auto excess = [&](const MeasuredAssignment& m) {
    return Excess(demand, Totals(problem.space(), m.assignment));
  };
  for (const MeasuredAssignment& measured : problem.measured()) {
    if (!measured.verdict.feasible) continue;
    if (nearest == nullptr || excess(measured) < excess(*nearest)) nearest = &measured;
  }
  if (nearest == nullptr || problem.best()) return {};
  const std::vector<double> totals = Totals(problem.space(), nearest->assignment);
  std::vector<std::string> values;
  for (const Constraint& constraint : demand.constraints) {
    const double value = constraint.value(totals);
    if (value > constraint.limit)
      values.push_back(fmt::format("'{}': {:.6g}", constraint.text, constraint.shown(value)));
  }
  return fmt::format(
      "--subject-to and the bound on the drop are not met together; within the bound "
      "the nearest found has {}",
      fmt::join(values, ", "));
}

Expected<void> CheckReachable(const SearchSpace& space, const Demand& demand) {
  for (const Constraint& constraint : demand.constraints) {
    const double least = LeastValue(space, constraint.value);
    if (least <= constraint.limit) continue;
    return FailUsage("--subject-to '{}': no choice of formats reaches it, the nearest is {:.6g}",
                     constraint.text, constraint.shown(least));
  }
  Demand together = demand;
  together.objective = [&](std::span<const double> totals) { return Excess(demand, totals); };
  together.constraints.clear();
  const std::vector<double> totals = Totals(space, Lowest(space, together));
  if (Excess(demand, totals) == 0) return {};
  std::vector<std::string> nearest;
  for (const Constraint& constraint : demand.constraints) {
    nearest.push_back(
        fmt::format("'{}': {:.6g}", constraint.text, constraint.shown(constraint.value(totals))));
  }
  return FailUsage(
      "--subject-to: no choice of formats meets all of them together, the nearest has {}",
      fmt::join(nearest, ", "));
}

}  // namespace bw
