// HAWQ's integer program: least second-order damage within a share of the cost.

#include <algorithm>

#include "bitwright/search/integer_program.h"
#include "bitwright/search/level.h"
#include "bitwright/search/predict.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr StrategyParameter kParameters[] = {{"fraction",
                                              "the cost allowed, from the least there is (0) to "
                                              "that of the least damage (1); without it, as "
                                              "little as the accuracy allows",
                                              0, 1}};

Expected<void> Run(Problem& problem, const StrategyParameters& parameters) {
  BW_ASSIGN(const ChoiceTable traces, problem.Fact("trace"));
  BW_ASSIGN(ChoiceTable damage, problem.Fact("error"));
  for (std::size_t d = 0; d < damage.size(); ++d) {
    for (std::size_t c = 0; c < damage[d].size(); ++c) damage[d][c] *= traces[d][c];
  }
  const Assignment start = LeastLoss(problem.space(), damage, problem.demand());
  const ChoiceTable costs = MarginalCosts(problem.space(), problem.demand(), start);
  double least = 0;
  for (const std::vector<double>& row : costs) least += *std::min_element(row.begin(), row.end());
  const double most = SummedLoss(costs, start);
  const auto at = [&](double level) -> Expected<Assignment> {
    const double limit = most + level * (least - most);
    BW_ASSIGN(const auto found, SolveIntegerProgram(damage, {{costs, limit}}));
    return found.value_or(start);
  };
  const auto fraction = parameters.find("fraction");
  if (fraction == parameters.end()) return BisectLevel(problem, at);
  BW_ASSIGN(const Assignment assignment, at(1 - fraction->second));
  return problem.Evaluate(assignment, Fidelity::kFull).map([](const auto&) {});
}

}  // namespace

BW_ENTRY(Strategy, hawq_ilp) = {
    "hawq-ilp", "integer program over mean Hessian trace times squared error",
    "HAWQ-V3, arXiv 2011.10680; traces by Hutchinson's estimate on the divergence from the float "
    "network, costs of several tensors taken one tensor at a time: our interpretation",
    kParameters, Run};

}  // namespace bw::strategies
