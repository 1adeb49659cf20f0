#pragma once
// Greedy descent over decisions with measured single-choice losses, verified by an oracle. Knows no
// graph, no format and no chip.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/progress.h"

namespace bw {

// One way to decide: what it costs, and the loss measured when this decision alone is taken.
struct Choice {
  double cost = 0;
  double loss = 0;
};

// Choices in any order; at least one.
using Decision = std::vector<Choice>;

// The index of the choice taken, by decision.
using Assignment = std::vector<std::size_t>;

// From one assignment to the next: one decision goes to a cheaper choice.
struct DescentStep {
  std::size_t decision = 0;
  std::size_t choice = 0;
  double damage_per_cost = 0;  // (added loss) / (cost saved)
};

struct DescentPath {
  Assignment start;                // the least loss everywhere (of equals, the least cost)
  std::vector<DescentStep> steps;  // in order of rising damage per cost saved
};

// Prunes dominated choices (only the lower convex hull of each decision's (cost, loss) remains) and
// orders the steps along all hulls: every prefix minimises the summed loss at its cost among hull
// points, and so is the Lagrangian solution for some multiplier (Everett, 1963).
DescentPath MakeDescentPath(const std::vector<Decision>& decisions);

// The assignment after the first `count` steps.
Assignment After(const DescentPath& path, std::size_t count);

// What the true measurement says of an assignment. An error ends the search.
struct Verdict {
  bool feasible = false;
  double slack = 0;  // how far inside the bound; negative outside
};
using Oracle = std::function<Expected<Verdict>(const Assignment&)>;

struct DescentLimits {
  std::size_t evaluations = 60;
  std::function<bool()> out_of_time;  // may be empty
  std::function<Expected<void>(const Assignment&)>
      best;  // told each better feasible assignment; may be empty
  Progress progress;
};

struct DescentResult {
  Assignment assignment;
  bool feasible = false;
  std::size_t evaluations = 0;
};

// Finds by bisection how far down the path the oracle agrees, then goes on step by step, skipping
// the steps it refuses, until a round brings nothing or a limit is reached. When even the start is
// refused, it is returned, infeasible.
Expected<DescentResult> Descend(const std::vector<Decision>& decisions, const Oracle& oracle,
                                const DescentLimits& limits);

}  // namespace bw
