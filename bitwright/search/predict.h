#pragma once
// What a demand makes of predicted losses, without asking the oracle: the path of best ratios and
// the best assignment within a bound.

#include <vector>

#include "bitwright/search/space.h"
#include "bitwright/search/walk.h"

namespace bw {

struct PathPoint {
  Assignment assignment;
  double loss = 0;   // predicted
  double merit = 0;  // Walk's
};

// The least loss everywhere (of equals the least merit).
Assignment LeastLoss(const SearchSpace& space, const ChoiceTable& losses, const Demand& demand);

// What the objective is with one decision at each of its choices and the others as in `at`; so that
// the sums over decisions are the objective where it is a weighted sum of separable costs, up to a
// constant.
ChoiceTable MarginalCosts(const SearchSpace& space, const Demand& demand, const Assignment& at);

// From the least loss down to where no move lowers the merit; each step is the move of the least
// added loss for the merit saved. Where costs are separable these are the Lagrangian solutions for
// all multipliers (Everett, Operations Research 11, 1963), and the path walks each decision's hull.
std::vector<PathPoint> MakePath(const SearchSpace& space, const ChoiceTable& losses,
                                const Demand& demand);

// The least merit found with a predicted loss of at most `bound`: the path filled up and improved
// by exchanging two moves; where costs are separable, the objective is their weighted sum and
// nothing else is demanded, the exact optimum as far as `nodes` relaxations prove it (knapsack.h);
// where constraints are weighted sums too, it starts from the knapsack in which what they bound has
// a price.
// `path` was made for the same losses; the least loss must be within the bound.
Assignment SolveWithin(const SearchSpace& space, const ChoiceTable& losses, const Demand& demand,
                       const std::vector<PathPoint>& path, double bound, std::size_t nodes = 20000);

}  // namespace bw
