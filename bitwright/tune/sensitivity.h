#pragma once
// What each tensor's rounding alone does to the network's output.

#include <vector>

#include "bitwright/tune/tune.h"

namespace bw {

// Sets the `sensitivity` of every candidate: weights rounded as their plans say, to nearest where
// these ask for compensation; over the first `samples` samples of the evaluator's data. All
// candidates share the float network's run and compute only what follows from their tensor; weights
// that take more than `room` bytes together come in turns (0: a quarter of FreeMemory,
// base/memory.h).
Expected<void> MeasureAlone(const Graph& graph, const QuantTargets& targets, Evaluator& evaluator,
                            std::size_t samples, int threads, std::vector<Candidate>& candidates,
                            const Progress& progress = {}, std::size_t room = 0);

}  // namespace bw
