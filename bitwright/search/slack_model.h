#pragma once
// How likely the oracle is to allow an assignment, by what it said of others.

#include <memory>
#include <vector>

#include "bitwright/search/problem.h"

namespace bw {

// The slack of an assignment as a Gaussian process (Rasmussen and Williams 2006, chapter 2): it
// falls evenly with the predicted loss, by least squares near the best known assignment, and what
// deviates from that is alike for assignments that share most of their loss.
class SlackModel {
 public:
  // `measured` is not empty; `losses` are the predicted ones, not negative, `near` the predicted
  // loss that matters. Both are referred to.
  SlackModel(const std::vector<MeasuredAssignment>& measured, const ChoiceTable& losses,
             double near);
  ~SlackModel();

  // That the slack is not negative.
  double Probability(const Assignment& assignment) const;

 private:
  struct Process;
  double Likeness(const Assignment& a, const Assignment& b) const;

  const std::vector<MeasuredAssignment>& measured_;
  const ChoiceTable& losses_;
  std::unique_ptr<Process> process_;
};

}  // namespace bw
