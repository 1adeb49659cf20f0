#include "bitwright/search/dybit.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace bw {
namespace {

std::optional<std::size_t> ChoiceOfWidth(const DyBitFacts& facts, std::size_t d, int width) {
  const std::vector<double>& widths = facts.width[d];
  const auto found = std::find(widths.begin(), widths.end(), width);
  if (found == widths.end()) return std::nullopt;
  return static_cast<std::size_t>(found - widths.begin());
}

// Of one kind at `from` bits, with a choice of `to` bits.
std::vector<Change> Candidates(const DyBitFacts& facts, const Assignment& at, double is_activation,
                               int from, int to) {
  std::vector<Change> changes;
  for (std::size_t d = 0; d < at.size(); ++d) {
    if (facts.is_activation[d][at[d]] != is_activation || facts.width[d][at[d]] != from) continue;
    if (const auto choice = ChoiceOfWidth(facts, d, to)) changes.push_back({d, *choice});
  }
  return changes;
}

// How much of the objective hangs on each decision now: what the totals are without its terms
// tells.
std::vector<double> Shares(const SearchSpace& space, const Demand& demand, const Assignment& at) {
  const std::vector<double> totals = Totals(space, at);
  std::vector<std::vector<double>> without(at.size(), totals);
  for (std::size_t k = 0; k < space.costs.size(); ++k) {
    for (const CostTerm& term : space.costs[k].terms) {
      if (space.costs[k].is_peak) continue;
      for (const std::size_t d : term.decisions) without[d][k] -= TermValue(term, at);
    }
  }
  std::vector<double> shares;
  for (const std::vector<double>& rest : without)
    shares.push_back(demand.objective(totals) - demand.objective(rest));
  return shares;
}

}  // namespace

Expected<DyBitFacts> ReadDyBitFacts(const Problem& problem) {
  DyBitFacts facts;
  BW_ASSIGN(facts.width, problem.Fact("width"));
  BW_ASSIGN(facts.is_activation, problem.Fact("is_activation"));
  BW_ASSIGN(facts.rmse, problem.Fact("local_error"));
  for (std::vector<double>& row : facts.rmse) {
    for (double& error : row) error = std::sqrt(error);
  }
  return facts;
}

Assignment DyBitStart(const DyBitFacts& facts) {
  Assignment start;
  for (const std::vector<double>& widths : facts.width) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < widths.size(); ++c) {
      const bool fits = widths[c] <= 8, better = widths[best] > 8 || widths[c] > widths[best];
      if (fits && better) best = c;
    }
    start.push_back(best);
  }
  return start;
}

std::vector<Change> DyBitSpeedupSteps(const SearchSpace& space, const Demand& demand,
                                      const DyBitFacts& facts) {
  struct Phase {
    double is_activation;
    int from, to;
  };
  Assignment at = DyBitStart(facts);
  std::vector<Change> steps;
  for (const Phase& phase : {Phase{0, 8, 4}, {1, 8, 4}, {0, 4, 2}, {1, 4, 2}}) {
    std::size_t top = 0;
    while (true) {
      std::vector<Change> open = Candidates(facts, at, phase.is_activation, phase.from, phase.to);
      if (open.empty()) break;
      if (top == 0) top = std::max<std::size_t>(1, open.size() / 4);
      const std::vector<double> shares = Shares(space, demand, at);
      std::stable_sort(open.begin(), open.end(), [&](const Change& a, const Change& b) {
        return shares[a.decision] > shares[b.decision];
      });
      open.resize(std::min(open.size(), top));
      const Change step =
          *std::min_element(open.begin(), open.end(), [&](const Change& a, const Change& b) {
            return facts.rmse[a.decision][a.choice] < facts.rmse[b.decision][b.choice];
          });
      at[step.decision] = step.choice;
      steps.push_back(step);
    }
  }
  return steps;
}

Assignment DyBitWithinRmse(const DyBitFacts& facts, double beta) {
  Assignment at = DyBitStart(facts);
  for (std::size_t d = 0; d < at.size(); ++d) {
    const double start = facts.rmse[d][at[d]];
    for (const auto& [from, to] : {std::pair(8, 4), std::pair(4, 2)}) {
      const auto lower = ChoiceOfWidth(facts, d, to);
      if (facts.width[d][at[d]] != from || !lower) break;
      if (facts.rmse[d][*lower] > beta * start) break;
      at[d] = *lower;
    }
  }
  return at;
}

}  // namespace bw
