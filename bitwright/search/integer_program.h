#pragma once
// One choice of each decision by integer linear programming (COIN-OR CBC).

#include <optional>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/search/space.h"

namespace bw {

// The sum over decisions of the coefficients of the choices taken is at most `limit`.
struct LinearBound {
  ChoiceTable coefficients;
  double limit = 0;
};

// The assignment of the least summed objective within the bounds (to CBC's tolerances, 1e-6 of the
// largest coefficient); nullopt where there is none. An error when the solver gives up.
Expected<std::optional<Assignment>> SolveIntegerProgram(const ChoiceTable& objective,
                                                        const std::vector<LinearBound>& bounds);

}  // namespace bw
