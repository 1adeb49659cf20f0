#pragma once
// What plans cost, as a search sees it.

#include <memory>

#include "bitwright/cost/cost.h"
#include "bitwright/tune/plan_space.h"

namespace bw {

// One table for each quantity, which `costs` must give. Stored bytes become one term for each
// tensor; what a layer costs by its operands together, a term of those decisions, computed when
// first asked for. `plans` must outlive the tables.
std::vector<CostTable> MakeCosts(const PlanSpace& plans,
                                 const std::shared_ptr<const LayerCosts>& costs,
                                 std::span<const Quantity> quantities);

// Everything that `costs` gives, of one plan.
Cost CostOf(const LayerCosts& costs, const QuantTargets& targets, const Plan& plan);

}  // namespace bw
