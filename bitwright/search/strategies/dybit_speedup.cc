// DyBit's search under a bound on speedup.

#include <cmath>

#include "bitwright/search/dybit.h"
#include "bitwright/search/level.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr StrategyParameter kParameters[] = {
    {"alpha",
     "the cost is to fall this many times from 8 bits everywhere; without it, as far as the "
     "accuracy allows",
     1, 64}};

Expected<void> Run(Problem& problem, const StrategyParameters& parameters) {
  BW_ASSIGN(const DyBitFacts facts, ReadDyBitFacts(problem));
  std::vector<Assignment> sequence{DyBitStart(facts)};
  for (const Change& step : DyBitSpeedupSteps(problem.space(), problem.demand(), facts)) {
    sequence.push_back(sequence.back());
    sequence.back()[step.decision] = step.choice;
  }
  const auto alpha = parameters.find("alpha");
  if (alpha == parameters.end()) return BisectSequence(problem, sequence);
  const double before = problem.Objective(sequence[0]);
  for (const Assignment& assignment : sequence) {
    const bool last = &assignment == &sequence.back();
    if (!last && before / problem.Objective(assignment) < alpha->second) continue;
    return problem.Evaluate(assignment, Fidelity::kFull).map([](const auto&) {});
  }
  return {};
}

}  // namespace

BW_ENTRY(Strategy, dybit_speedup) = {
    "dybit-speedup", "8 to 4 to 2 bits, the most costly first, of these the least error",
    "DyBit, arXiv 2302.12510; how many count as most costly, a quarter, is our interpretation",
    kParameters, Run};

}  // namespace bw::strategies
