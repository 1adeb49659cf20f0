#include "bitwright/search/descent.h"

#include <algorithm>
#include <numeric>

#include "bitwright/base/check.h"

namespace bw {
namespace {

// Indices of the lower-left convex hull, from the least loss to the least cost.
std::vector<std::size_t> Hull(const Decision& decision) {
  std::vector<std::size_t> order(decision.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return decision[a].loss != decision[b].loss ? decision[a].loss < decision[b].loss
                                                : decision[a].cost < decision[b].cost;
  });
  const auto slope = [&](std::size_t from, std::size_t to) {
    return (decision[to].loss - decision[from].loss) / (decision[from].cost - decision[to].cost);
  };
  std::vector<std::size_t> hull;
  for (const std::size_t next : order) {
    if (!hull.empty() && decision[next].cost >= decision[hull.back()].cost) continue;
    while (hull.size() >= 2 &&
           slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), next))
      hull.pop_back();
    hull.push_back(next);
  }
  return hull;
}

// One search: remembers the best, counts, and asks the oracle.
class Search {
 public:
  Search(const Oracle& oracle, const DescentLimits& limits) : oracle_(oracle), limits_(limits) {}

  bool exhausted() const {
    return result_.evaluations >= limits_.evaluations ||
           (limits_.out_of_time && limits_.out_of_time());
  }

  Expected<bool> Try(const Assignment& assignment) {
    BW_ASSIGN(const Verdict verdict, oracle_(assignment));
    ++result_.evaluations;
    if (limits_.progress) {
      limits_.progress("search", static_cast<double>(result_.evaluations) /
                                     static_cast<double>(limits_.evaluations));
    }
    return verdict.feasible;
  }

  Expected<void> Accept(const Assignment& assignment) {
    result_.assignment = assignment;
    result_.feasible = true;
    if (limits_.best) BW_TRY(limits_.best(assignment));
    return {};
  }

  DescentResult& result() { return result_; }

 private:
  const Oracle& oracle_;
  const DescentLimits& limits_;
  DescentResult result_;
};

// The largest feasible prefix of the path by bisection; 0 when only the start is known to be
// feasible.
Expected<std::size_t> Bisect(const DescentPath& path, Search& search) {
  std::size_t good = 0, bad = path.steps.size() + 1;
  while (bad - good > 1 && !search.exhausted()) {
    const std::size_t middle = (good + bad) / 2;
    const Assignment assignment = After(path, middle);
    BW_ASSIGN(const bool feasible, search.Try(assignment));
    if (feasible) {
      good = middle;
      BW_TRY(search.Accept(assignment));
    } else {
      bad = middle;
    }
  }
  return good;
}

// Takes the remaining steps one at a time in order of damage, leaving out those refused; a refused
// step's decision stays where it is.
Expected<void> TryRemaining(const DescentPath& path, std::size_t from, Search& search) {
  std::vector<char> blocked(path.start.size(), 0);
  for (std::size_t s = from; s < path.steps.size() && !search.exhausted(); ++s) {
    const DescentStep& step = path.steps[s];
    if (blocked[step.decision] != 0) continue;
    Assignment trial = search.result().assignment;
    trial[step.decision] = step.choice;
    BW_ASSIGN(const bool feasible, search.Try(trial));
    if (feasible)
      BW_TRY(search.Accept(trial));
    else
      blocked[step.decision] = 1;
  }
  return {};
}

}  // namespace

DescentPath MakeDescentPath(const std::vector<Decision>& decisions) {
  DescentPath path;
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    BW_CHECK(!decisions[d].empty());
    const std::vector<std::size_t> hull = Hull(decisions[d]);
    path.start.push_back(hull.front());
    for (std::size_t i = 1; i < hull.size(); ++i) {
      const Choice& from = decisions[d][hull[i - 1]];
      const Choice& to = decisions[d][hull[i]];
      path.steps.push_back({d, hull[i], (to.loss - from.loss) / (from.cost - to.cost)});
    }
  }
  std::stable_sort(path.steps.begin(), path.steps.end(),
                   [](const DescentStep& a, const DescentStep& b) {
                     return a.damage_per_cost < b.damage_per_cost;
                   });
  return path;
}

Assignment After(const DescentPath& path, std::size_t count) {
  Assignment assignment = path.start;
  for (std::size_t s = 0; s < count; ++s) assignment[path.steps[s].decision] = path.steps[s].choice;
  return assignment;
}

Expected<DescentResult> Descend(const std::vector<Decision>& decisions, const Oracle& oracle,
                                const DescentLimits& limits) {
  const DescentPath path = MakeDescentPath(decisions);
  Search search(oracle, limits);
  search.result().assignment = path.start;
  BW_ASSIGN(const bool start_feasible, search.Try(path.start));
  if (!start_feasible) return search.result();
  BW_TRY(search.Accept(path.start));
  BW_ASSIGN(const std::size_t reached, Bisect(path, search));
  BW_TRY(TryRemaining(path, reached, search));
  return search.result();
}

}  // namespace bw
