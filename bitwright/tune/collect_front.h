#pragma once
// The front of a search.

#include "bitwright/tune/front.h"
#include "bitwright/tune/plan_costs.h"

namespace bw {

// Everything that the search has measured, and up to `more` plans beside: along the path of best
// ratios, from the least loss to where much is lost, so that the front reaches beyond the bound.
// These are measured now, until the problem is out of time.
Expected<Front> CollectFront(PlanSpace& plans, const LayerCosts& costs, const Problem& problem,
                             const TuneOptions& options, std::size_t more);

}  // namespace bw
