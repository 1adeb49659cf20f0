// DyBit's search under a bound on the growth of errors.

#include <cmath>

#include "bitwright/search/dybit.h"
#include "bitwright/search/level.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr double kMostBeta = 1e4;  // of the bisection; beyond it every step is allowed

constexpr StrategyParameter kParameters[] = {
    {"beta",
     "how many times its RMSE at 8 bits a tensor may have; without it, as many as the accuracy "
     "allows",
     1, kMostBeta}};

Expected<void> Run(Problem& problem, const StrategyParameters& parameters) {
  BW_ASSIGN(const DyBitFacts facts, ReadDyBitFacts(problem));
  const auto within = [&](double beta) { return DyBitWithinRmse(facts, beta); };
  const auto beta = parameters.find("beta");
  if (beta != parameters.end())
    return problem.Evaluate(within(beta->second), Fidelity::kFull).map([](const auto&) {});
  return BisectLevel(problem, [&](double level) -> Expected<Assignment> {
    return within(std::pow(kMostBeta, level));
  });
}

}  // namespace

BW_ENTRY(Strategy, dybit_rmse) = {
    "dybit-rmse", "8 to 4 to 2 bits where the tensor's error is at most beta times that at 8 bits",
    "DyBit, arXiv 2302.12510", kParameters, Run};

}  // namespace bw::strategies
