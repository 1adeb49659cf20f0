#pragma once
// The multiple-choice knapsack problem, exactly: one choice of each decision, the summed loss
// within a bound, the summed cost least (Sinha and Zoltners, Operations Research 27, 1979).

#include "bitwright/search/space.h"

namespace bw {

struct KnapsackResult {
  Assignment assignment;
  bool feasible = false;
  bool optimal = false;  // proved; false when the nodes ran out
};

// Branch and bound over the linear relaxation, at most `nodes` relaxations. The sum of the least
// losses decides what is feasible, with a slack of 1e-12 of the bound for the order of summation.
KnapsackResult SolveKnapsack(const ChoiceTable& losses, const ChoiceTable& costs, double bound,
                             std::size_t nodes = 200000);

}  // namespace bw
