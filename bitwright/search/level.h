#pragma once
// For strategies with one knob: how far it can be turned.

#include "bitwright/search/problem.h"

namespace bw {

// Bisects over [0, 1] for the strongest level whose assignment the oracle allows, level 0 first, in
// at most `steps` steps; assignments that repeat cost nothing. The problem keeps the best.
Expected<void> BisectLevel(Problem& problem,
                           const std::function<Expected<Assignment>(double level)>& make,
                           int steps = 14);

// For the last of a sequence of ever stronger assignments that the oracle allows.
Expected<void> BisectSequence(Problem& problem, const std::vector<Assignment>& sequence);

}  // namespace bw
