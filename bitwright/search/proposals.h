#pragma once
// Assignments by prediction, a little beyond the best one known, each put to the oracle.

#include <set>
#include <vector>

#include "bitwright/search/problem.h"

namespace bw {

// Takes the best assignment by prediction that has up to `stretch` times the predicted loss of the
// best known (SolveWithin): where the oracle allows it, it is the next best; else the losses are
// mistrusted where the two differ, and the stretch shrinks. Ends when it is next to nothing, or the
// budget is gone.
class Proposals {
 public:
  // `problem` must have a best assignment, and outlive this.
  Proposals(Problem& problem, ChoiceTable losses) : problem_(problem), losses_(std::move(losses)) {}

  Expected<void> Run(double stretch);

  // As the refusals have corrected them.
  ChoiceTable& losses() { return losses_; }
  const ChoiceTable& losses() const { return losses_; }

 private:
  void Mistrust(const Assignment& best, const Assignment& refused);

  Problem& problem_;
  ChoiceTable losses_;
  std::set<Assignment> proposed_;
};

}  // namespace bw
