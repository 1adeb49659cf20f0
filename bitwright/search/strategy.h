#pragma once
// A way to search: one file in search/strategies/.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/search/problem.h"

namespace bw {

// A number that a strategy takes.
struct StrategyParameter {
  std::string_view name;     // "alpha"
  std::string_view meaning;  // and what stands in for it when it is not given
  double low = 0, high = 1e18;
};

// Given by the user; what is absent the strategy chooses.
using StrategyParameters = std::map<std::string, double, std::less<>>;

struct Strategy {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view source;   // paper, and what is our interpretation of it
  std::span<const StrategyParameter> parameters;
  // Leaves its result in problem.best(). Deterministic when the oracle is and time is no limit.
  Expected<void> (*run)(Problem& problem, const StrategyParameters& parameters);
};

namespace strategies {
std::span<const Strategy* const> All();
}

// An error names the nearest.
Expected<const Strategy*> FindStrategy(std::string_view name);

// "alpha=2.5": a parameter of this strategy within its range.
Expected<std::pair<std::string, double>> ParseStrategyParameter(const Strategy& strategy,
                                                                const std::string& text);

}  // namespace bw
