#pragma once
// The neighbours of a configuration in libnumber's search.

#include "bitwright/search/libnumber.h"

namespace bw {

// The widest of ladders[0] everywhere, with the first biases.
Configuration StartConfiguration(const LibnumberProblem& problem);

// All widths of all ladders, ascending.
std::vector<int> AllWidths(const LibnumberProblem& problem);

// Every item at this ladder and width, biases kept.
Configuration AllAt(const Configuration& from, std::size_t ladder, int width);

// The first ladder that has the width; some ladder must.
std::size_t LadderOfWidth(const LibnumberProblem& problem, int width);

// The next width of the ladder below (step -1) or above (step +1) `width`.
std::optional<int> NextWidth(const WidthLadder& ladder, int width, int step);

// One item's bias changed by `step`, in item order; within `span` of the first bias.
std::vector<Configuration> BiasMoves(const LibnumberProblem& problem, const Configuration& from,
                                     int step, int span);

// One group one width further, in group order.
std::vector<Configuration> WidthMoves(const LibnumberProblem& problem, const Configuration& from,
                                      int step);

// One group on another ladder at the same width, in order of groups, then of ladders.
std::vector<Configuration> TypeMoves(const LibnumberProblem& problem, const Configuration& from);

}  // namespace bw
