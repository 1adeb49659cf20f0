#pragma once
// Small spaces for tests.

#include "bitwright/search/problem.h"

namespace bw::testing_search {

// Separable: each choice has a cost. Losses and costs by decision and choice.
inline SearchSpace Separable(const ChoiceTable& losses, const ChoiceTable& costs) {
  SearchSpace space{losses, {{"cost", false, 0, {}}}};
  for (std::size_t d = 0; d < costs.size(); ++d)
    space.costs[0].terms.push_back(SingleTerm(d, costs[d]));
  return space;
}

// The measurement is exactly the summed loss, allowed up to `bound`.
inline Oracle Additive(const ChoiceTable& losses, double bound) {
  return [=](const Assignment& assignment, Fidelity) -> Expected<Verdict> {
    const double loss = SummedLoss(losses, assignment);
    return Verdict{loss <= bound, bound - loss, loss};
  };
}

}  // namespace bw::testing_search
