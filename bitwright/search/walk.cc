#include "bitwright/search/walk.h"

#include <algorithm>
#include <set>

namespace bw {
namespace {

constexpr std::size_t kMostDecisionsPaired = 6;  // of a term whose decisions move in pairs

std::set<std::pair<std::size_t, std::size_t>> JointPairs(const SearchSpace& space) {
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (const CostTable& cost : space.costs) {
    for (const CostTerm& term : cost.terms) {
      if (term.decisions.size() > kMostDecisionsPaired) continue;
      for (std::size_t i = 0; i < term.decisions.size(); ++i) {
        for (std::size_t j = i + 1; j < term.decisions.size(); ++j)
          pairs.emplace(term.decisions[i], term.decisions[j]);
      }
    }
  }
  return pairs;
}

}  // namespace

Walk::Walk(const SearchSpace& space, const Demand& demand, Assignment start, double scale)
    : space_(space),
      demand_(demand),
      scale_(scale),
      assignment_(std::move(start)),
      trial_(assignment_),
      totals_(Totals(space, assignment_)),
      terms_of_(space.decisions()) {
  for (std::size_t c = 0; c < space.costs.size(); ++c) {
    values_.emplace_back();
    for (std::size_t t = 0; t < space.costs[c].terms.size(); ++t) {
      const CostTerm& term = space.costs[c].terms[t];
      values_[c].push_back(TermValue(term, assignment_));
      for (const std::size_t d : term.decisions) terms_of_[d].emplace_back(c, t);
    }
  }
  merit_ = MeritOf(totals_);
}

double Walk::MeritOf(std::span<const double> totals) const {
  return demand_.objective(totals) + 10 * scale_ * Excess(demand_, totals);
}

// Leaves the changed totals in trial_totals_, and the terms that made them in touched_.
void Walk::Recompute(std::span<const Change> changes) {
  touched_.clear();
  for (const Change& change : changes) trial_[change.decision] = change.choice;
  for (const Change& change : changes) {
    for (const TermId& id : terms_of_[change.decision]) {
      const auto known = [&](const auto& entry) { return entry.first == id; };
      if (std::any_of(touched_.begin(), touched_.end(), known)) continue;
      touched_.emplace_back(id, TermValue(space_.costs[id.first].terms[id.second], trial_));
    }
  }
  for (const Change& change : changes) trial_[change.decision] = assignment_[change.decision];
  trial_totals_ = totals_;
  for (auto& [id, value] : touched_) {
    if (space_.costs[id.first].is_peak)
      std::swap(values_[id.first][id.second], value);
    else
      trial_totals_[id.first] += value - values_[id.first][id.second];
  }
  for (std::size_t c = 0; c < space_.costs.size(); ++c) {
    if (!space_.costs[c].is_peak) continue;
    trial_totals_[c] = space_.costs[c].constant;
    for (const double value : values_[c]) trial_totals_[c] = std::max(trial_totals_[c], value);
  }
  for (auto& [id, value] : touched_) {
    if (space_.costs[id.first].is_peak) std::swap(values_[id.first][id.second], value);
  }
}

double Walk::MeritAfter(std::span<const Change> changes) {
  Recompute(changes);
  return MeritOf(trial_totals_);
}

void Walk::Take(std::span<const Change> changes) {
  Recompute(changes);
  for (const auto& [id, value] : touched_) values_[id.first][id.second] = value;
  for (const Change& change : changes)
    trial_[change.decision] = assignment_[change.decision] = change.choice;
  totals_ = Totals(space_, assignment_);  // afresh, so that no rounding error gathers
  merit_ = MeritOf(totals_);
}

bool IsSeparable(const SearchSpace& space) {
  return std::all_of(space.costs.begin(), space.costs.end(), [](const CostTable& cost) {
    return !cost.is_peak && std::all_of(cost.terms.begin(), cost.terms.end(),
                                        [](const auto& t) { return t.decisions.size() == 1; });
  });
}

std::vector<Move> MovesFrom(const SearchSpace& space, const Assignment& assignment) {
  std::vector<Move> moves;
  for (std::size_t d = 0; d < space.decisions(); ++d) {
    for (std::size_t c = 0; c < space.choices(d); ++c) {
      if (c != assignment[d]) moves.push_back({{{{d, c}, {}}}, 1});
    }
  }
  for (const auto& [a, b] : JointPairs(space)) {
    for (std::size_t i = 0; i < space.choices(a); ++i) {
      for (std::size_t j = 0; j < space.choices(b); ++j) {
        if (i != assignment[a] && j != assignment[b]) moves.push_back({{{{a, i}, {b, j}}}, 2});
      }
    }
  }
  return moves;
}

}  // namespace bw
