#pragma once
// DyBit's two mixed-precision searches (arXiv 2302.12510) as sequences of steps.

#include <vector>

#include "bitwright/search/problem.h"
#include "bitwright/search/walk.h"

namespace bw {

// What the searches know of the choices, by decision and choice.
struct DyBitFacts {
  ChoiceTable width;          // bits
  ChoiceTable is_activation;  // 1 or 0
  ChoiceTable rmse;
};

// From the facts "width", "is_activation" and "local_error".
Expected<DyBitFacts> ReadDyBitFacts(const Problem& problem);

// Every decision at its widest choice of at most 8 bits.
Assignment DyBitStart(const DyBitFacts& facts);

// Speedup mode: weights 8 -> 4 bits, then activations 8 -> 4, weights 4 -> 2, activations 4 -> 2;
// in each, of the k decisions that cost most now, the one whose error at the lower width is least.
// The sources do not say what k is; ours is a quarter of the decisions of that kind. Widths that a
// decision lacks are left out. What a decision costs are the terms that it is part of, as
// `objective` weighs them.
std::vector<Change> DyBitSpeedupSteps(const SearchSpace& space, const Demand& demand,
                                      const DyBitFacts& facts);

// RMSE mode: a decision goes from 8 to 4 and from 4 to 2 bits where the error at the lower width is
// at most beta times the error it starts with.
Assignment DyBitWithinRmse(const DyBitFacts& facts, double beta);

}  // namespace bw
