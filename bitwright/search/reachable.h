#pragma once
// Whether costs alone allow a demand at all, whatever the accuracy.

#include <string>

#include "bitwright/base/error.h"
#include "bitwright/search/problem.h"

namespace bw {

// The least value of a function of the totals; exact where it is one separable cost, else where no
// move of one decision, or of two that share a term, lowers it further.
double LeastValue(const SearchSpace& space,
                  const std::function<double(std::span<const double>)>& value);

// Refuses a constraint that no assignment keeps, and constraints that none keeps together, with the
// nearest values.
Expected<void> CheckReachable(const SearchSpace& space, const Demand& demand);

// Where no measured assignment is allowed because accuracy and constraints are not met together: of
// those with the accuracy within its bound the value nearest to each constraint that is exceeded.
// Empty where accuracy alone, or nothing, stands in the way.
std::string DescribeConflict(const Problem& problem);

}  // namespace bw
