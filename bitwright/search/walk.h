#pragma once
// An assignment that changes step by step, and what its demand makes of each step, at the price of
// the few terms that a step touches.

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "bitwright/search/space.h"

namespace bw {

struct Change {
  std::size_t decision = 0, choice = 0;
};

// One change, or two at once.
struct Move {
  std::array<Change, 2> changes;
  std::size_t count = 0;
  std::span<const Change> span() const { return {changes.data(), count}; }
};

// The merit is what a search makes small: the objective, plus ten times `scale` for each whole
// limit by which constraints are exceeded, so that they are met first.
class Walk {
 public:
  // `space` and `demand` must outlive the walk.
  Walk(const SearchSpace& space, const Demand& demand, Assignment start, double scale);

  const Assignment& assignment() const { return assignment_; }
  double merit() const { return merit_; }
  double MeritAfter(std::span<const Change> changes);
  void Take(std::span<const Change> changes);

 private:
  using TermId = std::pair<std::size_t, std::size_t>;  // cost, term
  void Recompute(std::span<const Change> changes);
  double MeritOf(std::span<const double> totals) const;

  const SearchSpace& space_;
  const Demand& demand_;
  double scale_;
  Assignment assignment_, trial_;
  std::vector<double> totals_, trial_totals_;
  std::vector<std::vector<double>> values_;         // of each term now
  std::vector<std::vector<TermId>> terms_of_;       // by decision
  std::vector<std::pair<TermId, double>> touched_;  // terms of the trial and their new values
  double merit_ = 0;
};

// Whether every term of every cost depends on one decision alone and none is a peak.
bool IsSeparable(const SearchSpace& space);

// Every change of one decision, and where costs depend on several decisions at once every change of
// two decisions of one term. In a fixed order; choices already taken are left out.
std::vector<Move> MovesFrom(const SearchSpace& space, const Assignment& assignment);

}  // namespace bw
