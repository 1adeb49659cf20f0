#pragma once
// What each tensor's rounding alone does to the network's output.

#include <vector>

#include "bitwright/tune/tune.h"

namespace bw {

// Sets the `sensitivity` of every candidate: weights rounded as their plans say, to nearest where
// these ask for compensation; over the first `samples` samples of the evaluator's data. All
// candidates share the float network's run and compute only what follows from their tensor; where
// FreeMemory (base/memory.h) has no room for all rounded weights at once, they come in turns.
Expected<void> MeasureAlone(const Graph& graph, const QuantTargets& targets, Evaluator& evaluator,
                            std::size_t samples, int threads, std::vector<Candidate>& candidates,
                            const Progress& progress = {});

}  // namespace bw
